// Several tasks at once, under one of several rules: the storage of the children, the one awaiter, and what
// co_await is given.
//
// A rule (of when_all, when_any, when_all_settled, as_outcome) is a type without objects that says
//
//     name                           for reports of live tasks
//     decides(finished)              whether this child's result makes the others superfluous: they are stopped
//     goes_on(decider, any_stopped)  when all have ended: whether the parent is resumed, or unwound
//     check(count)                   of a range: throws if so many tasks make no sense
//     take(children, decider)        what co_await gives
//
// Children stand in what co_await is given if their number is fixed, and in one block otherwise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <ranges>
#include <string>
#include <tuple>
#include <utility>

#include "weft/detail/fork_join.h"
#include "weft/detail/task_range.h"
#include "weft/rt/base/check.h"
#include "weft/rt/scheduler/current.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI::detail {

// A fixed number of children, of several types.
template <class Rule, class... Ts>
class child_pack {
 public:
  static constexpr bool is_always_empty = sizeof...(Ts) == 0;

  explicit child_pack(task<Ts>&... from) noexcept : children_(from.release()...) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return sizeof...(Ts); }
  template <std::size_t I>
  [[nodiscard]] auto& get() noexcept {
    return std::get<I>(children_);
  }
  [[nodiscard]] auto& first() noexcept { return get<0>(); }
  [[nodiscard]] const void* begin() const noexcept { return &children_; }
  [[nodiscard]] const void* end() const noexcept { return &children_ + 1; }

  template <class Fn>
  void each(Fn fn) {
    std::apply([&fn](auto&... one) { (fn(one), ...); }, children_);
  }
  template <class Fn>
  void each_backwards(Fn fn) {
    visit_backwards(fn, indices());
  }
  // The children themselves, as arguments.
  template <class Fn>
  decltype(auto) apply(Fn fn) {
    return std::apply(fn, children_);
  }

 private:
  using indices = std::index_sequence_for<Ts...>;

  template <class Fn, std::size_t... I>
  void visit_backwards(Fn& fn, std::index_sequence<I...>) {
    (fn(std::get<sizeof...(I) - 1 - I>(children_)), ...);
  }

  std::tuple<fork_join::child<Rule, Ts>...> children_;
};

// Any number of children, of one type, in one block.
template <class Rule, class T>
class child_array {
 public:
  using child = fork_join::child<Rule, T>;
  static constexpr bool is_always_empty = false;

  // Room for so many. The block comes from the frame pool, as frames do. Throws std::bad_alloc.
  explicit child_array(std::size_t places)
      : places_(places), children_(places == 0 ? nullptr : allocate(places)) {}
  child_array(child_array&& other) noexcept
      : places_(other.places_),
        count_(std::exchange(other.count_, 0)),
        children_(std::exchange(other.children_, nullptr)) {}
  child_array& operator=(child_array&&) = delete;
  ~child_array() {
    if (children_ == nullptr) return;
    std::destroy_n(children_, count_);
    rt::this_turn().frames.release(children_, places_ * sizeof(child));
  }

  void add(task<T> one) noexcept {
    WEFT_CHECK(count_ < places_, "a range of tasks has more elements than its size() says");
    std::construct_at(children_ + count_, one.release());
    ++count_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] child& first() noexcept { return children_[0]; }
  [[nodiscard]] const void* begin() const noexcept { return children_; }
  [[nodiscard]] const void* end() const noexcept { return children_ + count_; }
  [[nodiscard]] child& operator[](std::size_t index) noexcept { return children_[index]; }

  template <class Fn>
  void each(Fn fn) {
    for (std::size_t i = 0; i < count_; ++i) fn(children_[i]);
  }
  template <class Fn>
  void each_backwards(Fn fn) {
    for (std::size_t i = count_; i-- > 0;) fn(children_[i]);
  }

 private:
  static child* allocate(std::size_t places) {
    static_assert(alignof(child) <= 16, "blocks of the pool are aligned like that");
    if (places > std::numeric_limits<std::size_t>::max() / sizeof(child)) WEFT_THROW(std::bad_alloc());
    return static_cast<child*>(rt::this_turn().frames.allocate(places * sizeof(child)));
  }

  std::size_t places_;
  std::size_t count_ = 0;
  child* children_;
};

template <class Rule, range_of_awaitables Range>
child_array<Rule, range_value<Range>> children_of(Range&& range) {
  if constexpr (std::ranges::sized_range<Range>) {
    child_array<Rule, range_value<Range>> all(std::ranges::size(range));
    hand_over_tasks(std::forward<Range>(range),
                    [&all](task<range_value<Range>> each) { all.add(std::move(each)); });
    return all;
  } else {
    return children_of<Rule>(tasks_of(std::forward<Range>(range)));
  }
}

// The children, and the join that waits for them. May be moved as long as nobody awaits it.
template <class Rule, class Children>
class forked : fork_join {
 public:
  template <class... From>
  explicit forked(From&&... from) noexcept(noexcept(Children(std::forward<From>(from)...)))
      : fork_join(kind), children_(std::forward<From>(from)...) {}
  forked(forked&& other) noexcept : fork_join(kind), children_(std::move(other.children_)) {}

  bool await_ready() const noexcept { return children_.size() == 0; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    if constexpr (Children::is_always_empty) {
      return self;
    } else {
      return this->fork(self.promise(), children_);
    }
  }

  decltype(auto) await_resume() { return Rule::take(children_, this->decider()); }

 private:
  static void stop_all(join& self, rt::job_list& ready) noexcept {
    static_cast<forked&>(self).children_.each([&ready](auto& one) { one.stop(ready); });
  }

  // "2 of 3 children left".
  static void describe(const rt::leaf_op& self, std::int64_t, std::string& text) {
    const auto& all = static_cast<const forked&>(self);
    text += std::to_string(all.still_running()) + " of " + std::to_string(all.children_.size()) +
            " children left";
  }
  static void visit_all(rt::leaf_op& self, rt::leaf_kind::visit_fn visit, void* visitor) {
    static_cast<forked&>(self).children_.each([visit, visitor](auto& one) { visit(visitor, one); });
  }
  static constexpr join::join_kind kind{Rule::name, &stop_all, &fork_join::settle_by<Rule>, &describe,
                                        &visit_all};

  Children children_;
};

// What co_await is given. It lives in the awaiting frame as long as the wait, so its children stay where they are.
template <class Rule, class... Ts>
class [[nodiscard("tasks do not run until this is awaited")]] forked_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit forked_operation(task<Ts>&... tasks) noexcept : all_(tasks...) {}

  class awaiter {
   public:
    explicit awaiter(forked<Rule, child_pack<Rule, Ts...>>& all) noexcept : all_(&all) {}
    bool await_ready() const noexcept { return all_->await_ready(); }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return all_->await_suspend(self);
    }
    decltype(auto) await_resume() const { return all_->await_resume(); }

   private:
    forked<Rule, child_pack<Rule, Ts...>>* all_;
  };
  [[nodiscard]] awaiter into_awaiter() && noexcept { return awaiter(all_); }

 private:
  forked<Rule, child_pack<Rule, Ts...>> all_;
};

template <class Rule, class T>
class [[nodiscard("tasks do not run until this is awaited")]] forked_range_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit forked_range_operation(child_array<Rule, T> children) noexcept : children_(std::move(children)) {}
  [[nodiscard]] auto into_awaiter() && {
    Rule::check(children_.size());
    return forked<Rule, child_array<Rule, T>>(std::move(children_));
  }

 private:
  child_array<Rule, T> children_;
};

// The tasks are taken out of the range here, at the call.
template <class Rule, range_of_awaitables Range>
[[nodiscard]] auto forked_range(Range&& tasks) {
  return forked_range_operation<Rule, range_value<Range>>(children_of<Rule>(std::forward<Range>(tasks)));
}

}  // namespace weft::inline WEFT_ABI::detail
