// Threads and a reactor's backend for models: a thread is one of the explorer's, a backend has no descriptors, only its
// wake-up, which stays until a wait has used it up. Models of wake-ups set `.time_passes = false`, so that no wait
// reaches its limit: the sentinel's rounds would hide one that was lost.
#include <memory>
#include <utility>

#include "weft/model/model.h"
#include "weft/rt/base/check.h"
#include "weft/rt/os/process_fence.h"
#include "weft/rt/os/thread.h"
#include "weft/rt/reactor/backend.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

class model_backend final : public backend {
 public:
  std::error_code add(os::fd, descriptor&) noexcept override { return {}; }
  start_result start(io_op&) noexcept override { return start_result::stopped; }
  void close(descriptor, job_list&) noexcept override {}
  int pin(descriptor) noexcept override { return -EBADF; }
  void unpin(descriptor) noexcept override {}
  void wait(std::int64_t timeout_ns, job_list&) noexcept override {
    if (timeout_ns == 0) {
      awake_.look();
    } else if (!awake_.wait(timeout_ns > 0)) {
      model::explorer::get().let_time_pass(timeout_ns);
    }
  }
  void wake() noexcept override { awake_.set(); }
  // At once: that is allowed, and how late it comes is up to the schedule.
  void wake_at(std::int64_t due_ns) noexcept override {
    if (due_ns != never) awake_.set();
  }
  std::int64_t now_ns() const noexcept override { return model::explorer::get().now_ns(); }
  std::size_t open_descriptors() const noexcept override { return 0; }

 private:
  model::signal awake_;
};

}  // namespace

std::error_code make_backend(backend_kind, std::unique_ptr<backend>& made) noexcept {
  made = std::make_unique<model_backend>();
  return {};
}

namespace os {

void drop_timer_slack() noexcept {}

std::int64_t this_thread_id() noexcept {
  return static_cast<std::int64_t>(model::explorer::get().running());
}

std::error_code thread::start_entry(std::unique_ptr<entry> made, std::string_view, signal_mask) noexcept {
  entry* const given = made.release();
  id_ = static_cast<pthread_t>(model::explorer::get().start_thread([given] {
    given->run();
    delete given;
  }));
  is_started_ = true;
  return {};
}

void thread::join() noexcept {
  WEFT_CHECK(is_started_, "only a started thread is joined");
  model::explorer::get().wait_for_end(static_cast<std::size_t>(id_), std::source_location::current());
  is_started_ = false;
}

// None: the models run the form with a fence on both sides.
fence_fn process_fence() noexcept {
  return nullptr;
}

}  // namespace os
}  // namespace weft::inline WEFT_ABI::rt
