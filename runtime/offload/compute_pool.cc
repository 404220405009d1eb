#include "weft/rt/offload/compute_pool.h"

#include "weft/rt/offload/compute_arena.h"
#include "weft/rt/os/cpus.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

crew_options crew_of(const compute_pool_options& options, unsigned threads, compute_arena& arena) noexcept {
  crew_options of;
  of.name = "weft-compute";
  of.max_threads = threads;
  of.run = [](void* owner, call& taken) noexcept { static_cast<compute_arena*>(owner)->run(taken); };
  of.owner = &arena;
  of.thread_fault = options.thread_fault;
  return of;
}

}  // namespace

compute_pool::compute_pool(const compute_pool_options& options, completion_sink sink) noexcept
    : threads_(options.threads != 0 ? options.threads : os::usable_cpus()),
      arena_(std::make_unique<compute_arena>(threads_)),
      crew_(crew_of(options, threads_, *arena_), sink) {}

compute_pool::~compute_pool() = default;

}  // namespace weft::inline WEFT_ABI::rt
