#include "weft/rt/work/scope.h"

#include <memory>

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"
#include "weft/rt/work/scope_extras.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Frames destroyed in one turn of an unwinding: about 50 µs of work.
constexpr int frames_per_turn = 1024;

void destroy_stopped(frame& dying, turn& now) noexcept {
  now.running = &dying;  // its destructors may ask in whose chain they run
  now.is_unwinding = true;
  dying.handle().destroy();
  now.is_unwinding = false;
  now.running = nullptr;
}

}  // namespace

void scope::stop(job_list& ready) noexcept {
  WEFT_CHAOS(yield);
  // Acquire pairs with arm(): op and `at`. Release pairs with is_stopping(). Sequentially consistent with on_stop():
  // this bit, then the list; there the list, then the bit. So one of the two sees the other.
  const std::uintptr_t before = leaf_.fetch_or(stopping, std::memory_order_seq_cst);
  if ((before & stopping) != 0) return;  // was asked before
  if (scope_extras* const more = extras_.load(std::memory_order_seq_cst)) [[unlikely]] {
    if (job* const calls = more->take_job()) ready.push_back(*calls);
  }
  WEFT_CHAOS(yield);
  if (before == 0 || before == unlinked) {
    note_missed_stop();  // it runs, and will see it
    return;
  }
  auto& op = *reinterpret_cast<leaf_op*>(before);
  switch (op.what->cancel(op, ready)) {
    case cancel_outcome::taken:
      forget_op();
      run = &unwind_job;
      ready.push_back(*this);
      break;
    case cancel_outcome::completing:
      WEFT_CHAOS(yield);
      if (left()) ready.push_back(*this);
      break;
    case cancel_outcome::forwarded:
      note_missed_stop();  // until a worker has run the job that tells those below
      break;
  }
}

void scope::note_missed_stop() const noexcept {
  if (context_ == nullptr || context_->missed_stops == nullptr) return;
  context_->missed_stops->fetch_add(1, std::memory_order_release);  // who sees the number sees the bit
}

bool scope::look_above(std::uint64_t& seen, reach whom) const noexcept {
  // First the number, then the scopes: what is missed in between is news at the next look.
  const std::uint64_t missed =
      context_->missed_stops == nullptr
          ? seen
          : context_->missed_stops->load(std::memory_order_acquire);  // pairs with note_missed_stop()
  for (const leaf_op* op = joined; op != nullptr && op->what->stop_late != nullptr; op = op->waiter->joined) {
    const std::uintptr_t word = op->waiter->leaf_.load(std::memory_order_acquire);  // pairs with stop()
    if ((word & stopping) != 0) return true;
    if (whom == reach::unlinked_only && word != unlinked) break;
  }
  seen = missed;
  return false;
}

bool scope::arm_linked(leaf_op& op) noexcept {
  link_to_those_above();
  std::uintptr_t none = 0;
  return leaf_.compare_exchange_strong(none, reinterpret_cast<std::uintptr_t>(&op), std::memory_order_acq_rel,
                                       std::memory_order_acquire);
}

// From below upwards, by the chain itself or by one below it. Who finds a chain armed may leave it at that: its armer
// goes on upwards, and hands down a stop that it finds there, by which the other one is reached too.
void scope::link_to_those_above() noexcept {
  std::uintptr_t own = leaf_.load(std::memory_order_relaxed);  // ours to change, but for `stopping`
  do {
    if ((own & ~flags) != unlinked) return;
  } while (
      !leaf_.compare_exchange_weak(own, own & flags, std::memory_order_acq_rel, std::memory_order_relaxed));
  for (scope* below = this; below->joined != nullptr;) {
    leaf_op& op = *below->joined;
    scope& above = *op.waiter;
    const auto armed = reinterpret_cast<std::uintptr_t>(&op);
    std::uintptr_t found = above.leaf_.load(std::memory_order_acquire);
    do {
      if ((found & ~flags) == armed) return;
    } while (!above.leaf_.compare_exchange_weak(found, armed | (found & flags), std::memory_order_acq_rel,
                                                std::memory_order_acquire));
    if ((found & stopping) != 0) {
      op.what->stop_late(op);
      return;
    }
    if ((found & ~flags) != unlinked) return;
    below = &above;
  }
}

void scope::start_job(job& self, turn& now) noexcept {
  auto& own = static_cast<scope&>(self);
  if (own.look_for_missed_stop(now)) {
    unwind_job(self, now);  // the body never runs
  } else {
    now.begin_with(*own.root);
    own.root->handle().resume();
  }
}

void scope::resume_job(job& self, turn& now) noexcept {
  frame& leaf = *static_cast<scope&>(self).at;
  now.begin_with(leaf);
  leaf.handle().resume();
}

void scope::unwind_job(job& self, turn& now) noexcept {
  auto& own = static_cast<scope&>(self);
  if (own.at != nullptr) now.begin_with(*own.at);
  for (int i = 0; i < frames_per_turn; ++i) {
    frame* const dying = own.at;
    if (dying == nullptr) {
      own.end(own, now, ending::stopped).resume();
      return;
    }
    const bool has_hooks = dying->has_exit_hooks();
    if (dying->is_root()) {
      WEFT_DCHECK(dying == own.root, "unwinding reached another scope's root");
      own.root = nullptr;
      own.at = nullptr;
    } else {
      link& awaiter = dying->awaiter();
      own.at = awaiter.parent;
      awaiter.child = nullptr;  // its owner must not destroy it again
    }
    destroy_stopped(*dying, now);
    if (has_hooks) [[unlikely]] {
      own.enter_hook(now, true).resume();
      return;
    }
  }
  own.run = &unwind_job;
  now.later.push_back(own);
}

// --- what few scopes have

scope_extras& scope::extras() {
  // Pairs with the exchange. Sequentially consistent like it: see stop().
  if (scope_extras* const more = extras_.load(std::memory_order_seq_cst)) return *more;
  auto made = std::make_unique<scope_extras>();
  scope_extras* found = nullptr;
  // Release publishes what was made. Sequentially consistent: see stop().
  if (extras_.compare_exchange_strong(found, made.get(), std::memory_order_seq_cst,
                                      std::memory_order_seq_cst)) {
    return *made.release();
  }
  return *found;
}

void scope::drop_extras(scope_extras& more, scope& of) noexcept {
  WEFT_DCHECK(more.hooks == nullptr, "a chain ended with clean-up left");
  // A join's child dies in its parent's frame: there its error is being thrown, or has become a value.
  if (scope* const above = of.parent()) take_error_stack(of, *above);
  more.let_go();
}

bool scope::on_stop(stop_callbacks::entry& joining, job_list& ready) {
  if (is_stopping()) return false;
  scope_extras& more = extras();
  if (!more.callbacks.add(joining)) return false;
  WEFT_CHAOS(yield);
  if ((leaf_.load(std::memory_order_seq_cst) & stopping) == 0) return true;  // pairs with stop()
  if (job* const calls = more.take_job()) ready.push_back(*calls);
  return true;
}

void scope_extras::call_back_job(job& self, turn& now) noexcept {
  now.begin_without_frame();
  auto& own = static_cast<scope_extras&>(self);
  own.callbacks.request();
  own.let_go();
}

// --- clean-up at the end of a frame

void scope::at_exit(exit_hook& registered, frame& of) {
  scope_extras& more = extras();
  registered.inherited_there = inherited();
  registered.inherited_there.limits = nullptr;
  registered.begin(*registered.root, registered.inherited_there, &registered.in_chain, &hook_ended);
  registered.in_chain.waiter = this;
  registered.is_first_of_frame = !of.has_exit_hooks();
  of.note_exit_hooks();
  registered.below = more.hooks;
  more.hooks = &registered;
}

scope* scope::running_exit_hook() const noexcept {
  const scope_extras* const more = extras_.load(std::memory_order_acquire);  // pairs with extras()
  return more != nullptr ? more->running : nullptr;
}

std::coroutine_handle<> scope::enter_hook(turn& now, bool is_after_a_stop) noexcept {
  scope_extras& more = *extras_.load(std::memory_order_acquire);  // pairs with extras()
  exit_hook& first = *more.hooks;
  more.hooks = first.below;
  more.running = &first;
  first.is_after_a_stop = is_after_a_stop;
  return enter(*first.root, now);
}

std::coroutine_handle<> scope::hook_ended(scope& self, turn& now, ending) noexcept {
  // Freed afterwards, not from inside its own final suspension.
  self.run = &after_hook_job;
  now.epilogue = &self;
  return std::noop_coroutine();
}

void scope::after_hook_job(job& self, turn& now) noexcept {
  auto& done = static_cast<exit_hook&>(static_cast<scope&>(self));
  scope& own = *done.in_chain.waiter;
  const bool is_last = done.is_first_of_frame;
  const bool is_after_a_stop = done.is_after_a_stop;
  own.extras_.load(std::memory_order_acquire)->running = nullptr;  // pairs with extras()
  done.drop(done);
  if (!is_last) {
    own.enter_hook(now, is_after_a_stop).resume();
  } else if (is_after_a_stop) {
    unwind_job(own, now);
  } else if (own.at->is_root()) {
    own.end(own, now, ending::finished).resume();
  } else {
    enter(*own.at->awaiter().parent, now).resume();
  }
}

std::coroutine_handle<> leave_unusually(frame& done, turn& now) noexcept {
  scope& own = done.home();
  if (done.is_in_foreign()) {
    now.resume_first = &own.to_unwind(done);
    return std::noop_coroutine();
  }
  own.at = &done;
  return own.enter_hook(now, false);
}

}  // namespace weft::inline WEFT_ABI::rt
