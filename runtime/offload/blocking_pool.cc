#include "weft/rt/offload/blocking_pool.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

crew_options crew_of(const blocking_pool_options& options) noexcept {
  crew_options of;
  of.name = "weft-block";
  of.max_threads = options.max_threads;
  of.max_queued = options.max_queued;
  of.keep_alive = options.keep_alive;
  of.thread_fault = options.thread_fault;
  return of;
}

}  // namespace

blocking_pool::blocking_pool(const blocking_pool_options& options, completion_sink sink) noexcept
    : crew_(crew_of(options), sink) {}

}  // namespace weft::inline WEFT_ABI::rt
