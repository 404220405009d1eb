// A decoy: a project may well have a runtime/ folder of its own. weft must never find this file.
#error "the project's own runtime/work/job.h was included instead of weft's"
