#include "weft/rt/work/scope.h"

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Frames destroyed in one turn of an unwinding: about 50 µs of work.
constexpr int frames_per_turn = 1024;

}  // namespace

void scope::stop(job_list& ready) noexcept {
  // Acquire pairs with arm(): op and `at`. Release pairs with is_stopping().
  const std::uintptr_t before = leaf_.fetch_or(stopping, std::memory_order_acq_rel);
  if (before == 0 || (before & stopping) != 0) return;  // runs, and will see it; or was asked before
  auto& op = *reinterpret_cast<leaf_op*>(before);
  switch (op.cancel(op, ready)) {
    case cancel_outcome::taken:
      run = &unwind_job;
      ready.push_back(*this);
      break;
    case cancel_outcome::completing:
      if (left()) ready.push_back(*this);
      break;
    case cancel_outcome::forwarded:
      break;
  }
}

void scope::start_job(job& self, turn& now) noexcept {
  auto& own = static_cast<scope&>(self);
  if (own.is_stopping()) {
    unwind_job(self, now);  // the body never runs
  } else {
    own.root->handle().resume();
  }
}

void scope::resume_job(job& self, turn&) noexcept {
  static_cast<scope&>(self).at->handle().resume();
}

void scope::unwind_job(job& self, turn& now) noexcept {
  auto& own = static_cast<scope&>(self);
  for (int i = 0; i < frames_per_turn; ++i) {
    frame* dying = own.at;
    if (dying->is_root()) {
      WEFT_DCHECK(dying == own.root, "unwinding reached another scope's root");
      own.root = nullptr;
      own.at = nullptr;
      dying->handle().destroy();
      own.end(own, now, ending::stopped).resume();
      return;
    }
    link& awaiter = dying->awaiter();
    frame* parent = awaiter.parent;
    awaiter.child = nullptr;  // its owner must not destroy it again
    own.at = parent;
    dying->handle().destroy();
  }
  own.run = &unwind_job;
  now.later.push_back(own);
}

}  // namespace weft::inline WEFT_ABI::rt
