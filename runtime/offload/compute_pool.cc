#include "weft/rt/offload/compute_pool.h"

#include "weft/rt/offload/compute_arena.h"
#include "weft/rt/os/cpus.h"

namespace weft::inline WEFT_ABI::rt {
compute_pool::compute_pool(const compute_pool_options& options, completion_sink sink) noexcept
    : threads_(options.threads != 0 ? options.threads : os::usable_cpus()),
      cores_(options.cores),
      arena_(std::make_unique<compute_arena>(threads_)),
      crew_(crew_of(options), sink) {}

compute_pool::~compute_pool() = default;

crew_options compute_pool::crew_of(const compute_pool_options& options) noexcept {
  crew_options of;
  of.name = "weft-compute";
  of.max_threads = threads_;
  of.run = [](void* owner, call& taken) noexcept { static_cast<compute_pool*>(owner)->run(taken); };
  of.owner = this;
  of.thread_fault = options.thread_fault;
  return of;
}

void compute_pool::run(call& taken) noexcept {
  if (cores_ != nullptr) cores_->begin();
  arena_->run(taken);
  if (cores_ != nullptr) cores_->end();
}

}  // namespace weft::inline WEFT_ABI::rt
