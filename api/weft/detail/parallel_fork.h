// A function that is offered to other workers while its caller does something else, and its result.
//
//     fork<F> right(function);
//     if (right.taken_while(now, left)) { … right.take() … } else { … function() … }
//
// Used once. When `left` throws, a function that nobody has taken is never called, and one that was taken is waited
// for (without helping: other functions would run in the middle of an unwinding).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <type_traits>

#include "weft/detail/closure.h"
#include "weft/detail/result_slot.h"

namespace weft::inline WEFT_ABI::detail {

template <class F>
class fork : closure {
 public:
  using value = std::invoke_result_t<F&>;

  fork(rt::turn& now, F& function) noexcept : closure(&run_taken, now), function_(function) {}

  // True: somebody else has called the function, and it has ended; throws what it has thrown. False: nobody has and
  // will; the caller calls it, or does in another way what it was for.
  template <class Meanwhile>
  [[nodiscard]] bool taken_while(rt::turn& now, Meanwhile&& meanwhile) {
    offer(now);
    {
      unwinding guard{this, now};
      meanwhile();
      guard.of = nullptr;
    }
    if (take_back(now)) [[likely]]
      return false;
    wait_and_help(now);
    if (result_.has_error()) [[unlikely]]
      throw_error();
    return true;
  }

  // Once, when it was taken.
  value take() { return result_.take(); }

 private:
  // Apart from the fork, whose address others know: so it costs nothing.
  struct unwinding {
    fork* of;
    rt::turn& now;
    ~unwinding() {
      if (of != nullptr) [[unlikely]] {
        of->abandon(now);
      }
    }
  };

  static void run_taken(rt::job& self, rt::turn& now) noexcept {
    auto& own = static_cast<fork&>(self);
    rt::frame* const before = own.begin(now);
    WEFT_TRY {
      if constexpr (std::is_void_v<value>) {
        own.function_();
      } else {
        own.result_.set_value(own.function_());
      }
    }
    WEFT_CATCH_ALL {
      own.result_.set_error(std::current_exception());
    }
    own.end(now, before);
  }

  WEFT_COLD void abandon(rt::turn& now) noexcept {
    if (!take_back(now)) wait();
  }
  [[noreturn]] WEFT_COLD void throw_error() { std::rethrow_exception(result_.take_error()); }

  F& function_;
  result_slot<value> result_;
};

}  // namespace weft::inline WEFT_ABI::detail
