#include "weft/detail/group_core.h"

#include <optional>
#include <utility>
#include <vector>

#include "weft/detail/spawned.h"
#include "weft/error_group.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/error_stack.h"

namespace weft::inline WEFT_ABI::detail {
namespace {

std::vector<child_error> all_of(const group_failure& first) {
  std::vector<child_error> errors;
  for (const group_failure* each = &first; each != nullptr; each = each->next) {
    const rt::await_places places = rt::places_of(*each->failed, each->error, each->where);
    child_error& one = errors.emplace_back();
    one.error = each->error;
    one.where = each->where;
    if (const rt::spawn_mark* const mark = rt::mark_of(*each->failed)) {
      one.name = mark->name();
      one.spawned_at = mark->where();
    }
    one.stack.assign(places.all().begin(), places.all().end());
    one.left_out = places.left_out;
  }
  return errors;
}

}  // namespace

bool group_core::admit(rt::roster::member& child) noexcept {
  if (!children_.admit(child)) {
    if (is_stopping_.load(std::memory_order_relaxed)) note_cut_short();  // ordered by the roster's lock
    return false;
  }
  WEFT_CHAOS(yield);
  // Whoever spawns may have seen a stop that is still on its way to us.
  rt::turn& now = rt::this_turn();
  if (above_ == nullptr || now.home == nullptr || !above_->look_for_stop(now)) [[likely]]
    return true;
  request_stop();
  note_cut_short();
  const bool is_last = children_.leave(child);
  WEFT_CHECK(!is_last,
             "with_task_group's group is used from outside while neither its body nor a child runs");
  return false;
}

group_core::~group_core() {
  while (first_failure_ != nullptr) {
    group_failure& each = *std::exchange(first_failure_, first_failure_->next);
    if (each.dispose != nullptr) each.dispose(each);
  }
}

void group_core::fail(group_failure& kept) noexcept {
  {
    const rt::lock_guard<rt::mutex> guard(failures_lock_);
    (last_failure_ != nullptr ? last_failure_->next : first_failure_) = &kept;
    last_failure_ = &kept;
  }
  WEFT_CHAOS(yield);
  request_stop();
}

void group_core::describe(std::string& text) const {
  text += std::to_string(size()) + " children";
}

void group_core::visit_children(rt::leaf_kind::visit_fn visit, void* visitor) {
  children_.for_each([visit, visitor](rt::scope& child) { visit(visitor, child); });
}

void group_core::throw_failures(const rt::engine::reporter& unhandled) const {
  const group_failure& first = *first_failure_;
  std::optional<error_group> several;
  if (first.next != nullptr) {
    WEFT_TRY {
      several.emplace(all_of(first));
    }
    WEFT_CATCH_ALL {
      for (const group_failure* each = first.next; each != nullptr; each = each->next)
        report_unhandled(unhandled, *each->failed, each->where, each->error);
    }
  }
  if (several.has_value()) WEFT_THROW(*several);
  if (rt::frame* const joining = rt::this_turn().running)
    rt::take_error_stack(*first.failed, joining->home());
  std::rethrow_exception(first.error);
}

}  // namespace weft::inline WEFT_ABI::detail
