#include "weft/rt/work/error_stack.h"

#include <cxxabi.h>

#include <cstring>
#include <new>
#include <utility>

#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/scope_extras.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Of the exception object; only compared.
const char* address_of(const std::exception_ptr& error) noexcept {
  static_assert(sizeof(error) == sizeof(const char*), "an exception_ptr is a pointer to the exception");
  const char* address = nullptr;
  std::memcpy(&address, static_cast<const void*>(&error), sizeof(address));
  return address;
}

// Of the exception that is being handled. The Itanium C++ ABI (Exception Handling, 2.2.2): a thread's globals begin with
// a pointer to it.
const char* header_of_caught() noexcept {
  const char* header = nullptr;
  std::memcpy(&header, static_cast<const void*>(abi::__cxa_get_globals()), sizeof(header));
  return header;
}

// Whether what is being handled was thrown by std::rethrow_exception. Such an exception has a header of its own, far from
// the object; one that was thrown by `throw` has it in front of the object, at a distance that is the same for all.
bool was_rethrown(const char* thrown) noexcept {
  static const std::ptrdiff_t distance = []() noexcept {
    WEFT_TRY {
      WEFT_THROW(0);
    }
    WEFT_CATCH_ALL {
      return address_of(std::current_exception()) - header_of_caught();
    }
  }();
  return thrown - header_of_caught() != distance;
}

}  // namespace

struct error_stacks::stack {
  void begin(const void* thrown) noexcept {
    error = thrown;
    next = nullptr;
    trail.clear();
  }

  const void* error = nullptr;
  // Where it will come up, and the await there. Null: not known, it has left its scope.
  const frame* next = nullptr;
  std::source_location next_site;
  bool has_left_scope = false;
  await_trail trail;
  std::unique_ptr<stack> older;
};

error_stacks::error_stacks() noexcept = default;
error_stacks::~error_stacks() = default;

error_stacks::stack* error_stacks::find(const void* thrown) const noexcept {
  stack* each = first_.get();
  while (each != nullptr && each->error != thrown) each = each->older.get();
  return each;
}

std::unique_ptr<error_stacks::stack> error_stacks::remove(stack& one) noexcept {
  std::unique_ptr<stack>* place = &first_;
  while (place->get() != &one) place = &(*place)->older;
  std::unique_ptr<stack> removed = std::move(*place);
  *place = std::move(removed->older);
  return removed;
}

void error_stacks::push_front(std::unique_ptr<stack> newest) noexcept {
  newest->older = std::move(first_);
  first_ = std::move(newest);
  std::size_t count = 1;
  for (stack* each = first_.get(); each->older != nullptr; each = each->older.get()) {
    if (++count > most) each->older.reset();
    if (each->older == nullptr) return;
  }
}

error_stacks::stack* error_stacks::begin(const void* thrown, stack* reused) noexcept {
  std::unique_ptr<stack> own = reused != nullptr ? remove(*reused) : nullptr;
  if (own == nullptr) own.reset(new (std::nothrow) stack);
  if (own == nullptr) return nullptr;
  own->begin(thrown);
  push_front(std::move(own));
  return first_.get();
}

void note_error(frame& leaving, const std::exception_ptr& error) noexcept {
  const char* const thrown = address_of(error);
  if (thrown == nullptr) return;
  WEFT_TRY {
    error_stacks& known = leaving.home().extras().errors;
    error_stacks::stack* one = known.find(thrown);
    const bool goes_on =
        one != nullptr && was_rethrown(thrown) && (one->next == nullptr || one->next == &leaving);
    if (!goes_on) one = known.begin(thrown, one);
    if (one == nullptr) return;
    one->trail.add(one->next != nullptr ? one->next_site : leaving.site());
    one->has_left_scope = leaving.is_root();
    one->next = leaving.is_root() ? nullptr : leaving.awaiter().parent;
    if (one->next != nullptr) one->next_site = one->next->site();
  }
  WEFT_CATCH_ALL {}  // no memory for the scope's extras
}

void take_error_stack(scope& ended, scope& by) noexcept {
  scope_extras* const from = ended.extras_or_null();
  if (from == nullptr || from->errors.first_ == nullptr || !from->errors.first_->has_left_scope) return;
  WEFT_TRY {
    error_stacks& to = by.extras().errors;
    std::unique_ptr<error_stacks::stack> moved = from->errors.remove(*from->errors.first_);
    moved->has_left_scope = false;
    // The exception may have been thrown to another who awaits it, and have died since.
    if (error_stacks::stack* const stale = to.find(moved->error)) static_cast<void>(to.remove(*stale));
    to.push_front(std::move(moved));
  }
  WEFT_CATCH_ALL {}  // no memory for the scope's extras
}

await_places places_of(const scope& ended, const std::exception_ptr& error,
                       const std::source_location& where) noexcept {
  const scope_extras* const more = ended.extras_or_null();
  const error_stacks::stack* const one = more != nullptr ? more->errors.find(address_of(error)) : nullptr;
  if (one != nullptr && one->has_left_scope) return one->trail.kept();
  await_trail only;
  only.add(where);
  return only.kept();
}

}  // namespace weft::inline WEFT_ABI::rt
