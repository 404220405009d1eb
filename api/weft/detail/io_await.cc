#include "weft/detail/io_await.h"

#include "weft/rt/reactor/backend.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI::detail {

bool start_io(rt::io_op& op, rt::frame& leaf) noexcept {
  rt::turn& now = rt::this_turn();
  rt::scope& own = leaf.home();
  op.waiter = &own;
  op.leaf = &leaf;
  if (!op.on) {
    op.result = -EBADF;
    return false;
  }
  if (op.size == 0 && (op.kind == rt::io_kind::recv || op.kind == rt::io_kind::send)) {
    op.result = 0;  // the kernel would wait for data first
    return false;
  }
  WEFT_CHECK(op.on.home->serves(own.home()), "a socket is used by tasks of the runtime that it was made in");
  switch (op.on.home->start(op)) {
    case rt::start_result::done:
      if (now.spend_operation()) return false;
      give_way_at(leaf, now);  // the result stays; only the turn is over
      return true;
    case rt::start_result::pending:
      return true;  // the frame may be gone
    case rt::start_result::stopped:
      stop_at(leaf, now);
      return true;
  }
  return true;
}

bool is_open(rt::descriptor asked) noexcept {
  return asked && rt::pinned(asked).file() >= 0;
}

void throw_io_error(std::error_code error, const char* what) {
  throw std::system_error(error, what);
}

void close_descriptor(rt::descriptor closing) noexcept {
  if (!closing) return;
  rt::job_list ready;
  closing.home->close(closing, ready);
  // The jobs are scopes, each to be run at home; a socket may be shared by tasks of two runtimes.
  while (rt::job* each = ready.pop_front()) static_cast<rt::scope*>(each)->home().submit(*each);
}

}  // namespace weft::inline WEFT_ABI::detail
