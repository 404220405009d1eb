#include "weft/model/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_MODEL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_MODEL_ASAN 1
#endif
#endif
#ifndef WEFT_MODEL_ASAN
#define WEFT_MODEL_ASAN 0
#endif

#if WEFT_MODEL_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
// Saves what the System V ABI wants kept, and changes stacks.
extern "C" void weft_model_switch(void** saved, void* to);
asm(R"(
.text
.globl weft_model_switch
.type weft_model_switch,@function
weft_model_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size weft_model_switch, .-weft_model_switch
)");
#else
#include <ucontext.h>
#endif

namespace weft::inline WEFT_ABI::model {

const bool under_address_sanitizer = WEFT_MODEL_ASAN == 1;

namespace {

constexpr std::size_t page = 16384;  // at least the system's
constexpr std::size_t stack_size = 16 * page;

// Of the switch under way: one thread of the system only.
fiber* leaving = nullptr;
fiber* entering = nullptr;

}  // namespace

fiber::~fiber() {
  if (memory_ != nullptr) ::munmap(memory_, stack_size);
#if !defined(__x86_64__)
  delete static_cast<ucontext_t*>(top_);
#endif
}

void fiber::prepare(entry_fn entry) {
  entry_ = entry;
  fake_stack_ = nullptr;
  if (memory_ == nullptr) {
    memory_ = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
    if (memory_ == MAP_FAILED || ::mprotect(memory_, page, PROT_NONE) != 0) {
      std::perror("model: no memory for a stack");
      std::abort();
    }
    bottom_ = static_cast<char*>(memory_) + page;
    size_ = stack_size - page;
  }
#if WEFT_MODEL_ASAN
  __asan_unpoison_memory_region(bottom_, size_);  // whoever had it before may have been dropped half-way
#endif
#if defined(__x86_64__)
  // As weft_model_switch leaves it: six registers, and where to return to. A function is entered with the stack
  // pointer 8 short of a multiple of 16.
  auto** top = reinterpret_cast<void**>(static_cast<char*>(memory_) + stack_size);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&first_steps);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  top_ = top;
#else
  if (top_ == nullptr) top_ = new ucontext_t;
  auto* context = static_cast<ucontext_t*>(top_);
  ::getcontext(context);
  context->uc_stack.ss_sp = static_cast<char*>(memory_) + page;
  context->uc_stack.ss_size = stack_size - page;
  context->uc_link = nullptr;
  ::makecontext(context, reinterpret_cast<void (*)()>(&first_steps), 0);
#endif
}

void fiber::first_steps() noexcept {
  fiber* self = entering;
  self->arrived();
  self->entry_();
  std::abort();
}

void fiber::enter(fiber& from, [[maybe_unused]] bool from_is_over) noexcept {
  leaving = &from;
  entering = this;
#if WEFT_MODEL_ASAN
  __sanitizer_start_switch_fiber(from_is_over ? nullptr : &from.fake_stack_, bottom_, size_);
#endif
#if defined(__x86_64__)
  weft_model_switch(&from.top_, top_);
#else
  if (from.top_ == nullptr) from.top_ = new ucontext_t;
  ::swapcontext(static_cast<ucontext_t*>(from.top_), static_cast<ucontext_t*>(top_));
#endif
  from.arrived();  // somebody has switched back
}

void fiber::arrived() noexcept {
#if WEFT_MODEL_ASAN
  // Tells where the stack is that we come from: how the first one, which nobody prepared, becomes known.
  __sanitizer_finish_switch_fiber(fake_stack_, &leaving->bottom_, &leaving->size_);
  fake_stack_ = nullptr;
#endif
}

}  // namespace weft::inline WEFT_ABI::model
