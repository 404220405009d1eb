#include "weft/task_group.h"

#include <memory>
#include <string>
#include <utility>

#include "weft/runtime.h"
#include "weft/sync/semaphore.h"

namespace weft::inline WEFT_ABI {
// Stands in the runtime's roster for its children, without a coroutine: a scope that waits, from its birth
// on, until the group is empty. So the runtime's stop reaches the children, and its end waits for them.
//
// Two parties know it, the task_group object and the job that runs when the group is empty; the last one
// frees it.
struct task_group::standalone : detail::group_core {
  struct keeper_scope : rt::roster::member, rt::leaf_op {
    explicit keeper_scope(standalone& group) noexcept : rt::leaf_op(keeper_kind, this), of(&group) {}
    standalone* of;
  };

  explicit standalone(rt::engine& on)
      : detail::group_core(&empty, &nothing_else), keeper(*this), reporter(on.unhandled()) {
    bind(on.root_context());
    const bool is_open = keeper.wait_for(keeper, on.root_context(), &drained_job) && on.admit(keeper);
    if (is_open) return;
    // The runtime is stopping: the group is born closed.
    is_enrolled = false;
    rt::job_list nothing_waits;
    stop(nothing_waits);
  }

  static std::coroutine_handle<> empty(detail::group_core& self, rt::turn&) noexcept {
    auto& own = static_cast<standalone&>(self);
    if (!own.is_enrolled) {
      own.drain();  // no worker may be left to run a job
    } else if (own.keeper.finish()) {
      own.home().submit(own.keeper);
    }
    return nullptr;
  }
  static void nothing_else(detail::group_core&, rt::job_list&) noexcept {}

  static rt::cancel_outcome runtime_stops(rt::leaf_op& op, rt::job_list& ready) noexcept {
    standalone& own = *static_cast<keeper_scope&>(op).of;
    own.stop(ready);
    own.give_up_token();
    return rt::cancel_outcome::completing;
  }

  static void describe_group(const rt::leaf_op& op, std::int64_t, std::string& text) {
    static_cast<const keeper_scope&>(op).of->describe(text);
  }
  static void visit_group(rt::leaf_op& op, rt::leaf_kind::visit_fn visit, void* visitor) {
    static_cast<keeper_scope&>(op).of->visit_children(visit, visitor);
  }

  static constexpr rt::leaf_kind keeper_kind{"a task_group: ", &runtime_stops, &describe_group, &visit_group};

  static void drained_job(rt::job& job, rt::turn&) noexcept {
    standalone& own = *static_cast<keeper_scope&>(static_cast<rt::scope&>(job)).of;
    own.home().leave(own.keeper);
    own.drain();
  }

  // Nobody is in any more.
  void drain() noexcept {
    drained.add_permits(1);
    let_go();
  }

  // Gives up the owner's token, once.
  void give_up_token() noexcept {
    if (!is_closed.exchange(true, std::memory_order_acq_rel))
      static_cast<void>(leave_unlisted(rt::this_turn()));
  }
  void let_go() noexcept {
    if (parties.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  keeper_scope keeper;
  std::shared_ptr<const rt::engine::reporter> reporter;  // the group may outlive its runtime
  semaphore drained{0};
  bool is_enrolled = true;
  bool is_joined = false;
  rt::atomic<bool> is_closed{false};
  rt::atomic<int> parties{2};
};

task_group::task_group(runtime& on) : own_(new standalone(on.engine())) {
  core_ = own_;
}

task_group::~task_group() {
  if (own_ == nullptr) return;
  WEFT_CHECK(own_->size() == 0, "a task_group is joined before it is destroyed: children still run");
  if (!own_->is_joined) {
    for (auto* each = own_->first_failure(); each != nullptr; each = each->next) {
      detail::report_unhandled(*own_->reporter, *each->failed, each->where, each->error);
    }
  }
  own_->give_up_token();
  own_->let_go();
}

task<> task_group::join() {
  WEFT_CHECK(own_ != nullptr, "with_task_group joins its group itself");
  own_->give_up_token();
  {
    const semaphore_permit all_ended = co_await own_->drained.acquire();
  }
  own_->is_joined = true;
  if (own_->has_failed()) own_->throw_failures(*own_->reporter);
}

}  // namespace weft::inline WEFT_ABI
