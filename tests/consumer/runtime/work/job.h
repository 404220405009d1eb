// A decoy: a monorepo may well have a runtime/ folder of its own. weft must never find this file.
#error "the consumer's own runtime/work/job.h was included instead of weft's"
