#include "weft/rt/reactor/readiness.h"

#include <cerrno>
#include <span>

#include "weft/rt/base/chaos.h"
#include "weft/rt/os/address.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/socket.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr unsigned index_bits = 32;

os::io_result connect(io_op& op, int file) noexcept {
  if (op.is_begun) return os::finish_connect(file);
  op.is_begun = true;
  return os::start_connect(file, *static_cast<const os::address*>(op.buffer));
}

os::io_result accept(const io_op& op, int file) noexcept {
  os::result<os::fd> accepted = os::accept(file, static_cast<os::address*>(op.buffer));
  if (accepted.is_error()) return os::io_result::failed(accepted.error_number());
  return {accepted.value().release()};
}

os::io_result call(io_op& op, int file) noexcept {
  switch (op.kind) {
    case io_kind::recv:
      return os::recv(file, {static_cast<std::byte*>(op.buffer), op.size});
    case io_kind::recv_vec:
      return os::recv_vec(file, {static_cast<const iovec*>(op.buffer), op.size});
    case io_kind::send:
      return os::send(file, {static_cast<const std::byte*>(op.buffer), op.size});
    case io_kind::send_vec:
      return os::send_vec(file, {static_cast<const iovec*>(op.buffer), op.size});
    case io_kind::accept:
      return accept(op, file);
    case io_kind::connect:
      break;
  }
  return connect(op, file);
}

const char* verb_of(io_kind kind) noexcept {
  switch (kind) {
    case io_kind::recv:
    case io_kind::recv_vec:
      return "reading";
    case io_kind::send:
    case io_kind::send_vec:
      return "writing";
    case io_kind::accept:
      return "accepting on";
    case io_kind::connect:
      break;
  }
  return "connecting";
}

// False: not now. True: `result` is final.
bool try_once(io_op& op, int file) noexcept {
  const os::io_result answer = call(op, file);
  if (answer.would_block()) return false;
  // Our own close() shuts the socket down under a call in progress: that is no end of the stream and no broken pipe.
  const bool may_be_our_close = answer.value <= 0 && op.on.record->control.is_closed();
  op.result = may_be_our_close ? -ECANCELED : answer.value;
  return true;
}

// Whether the result says that the socket's queue is empty. The end of a stream and errors do not: they stay.
bool is_drained(const io_op& op) noexcept {
  if (!op.short_means_drained || op.result <= 0) return false;
  const auto count = static_cast<std::size_t>(op.result);
  if (op.kind == io_kind::recv) return count < op.size;
  if (op.kind != io_kind::recv_vec) return false;
  std::size_t room = 0;
  for (const iovec& piece : std::span(static_cast<const iovec*>(op.buffer), op.size)) room += piece.iov_len;
  return count < room;
}

}  // namespace

std::error_code readiness_backend::add(os::fd file, descriptor& added) noexcept {
  descriptor_record* fresh = slab_.take();
  if (fresh == nullptr) return os::to_error(ENOMEM);
  const std::uint32_t generation = fresh->control.generation() + 1;
  fresh->file = file.get();
  fresh->control.open(generation);  // before watch(): another thread may harvest the first event at once
  const std::uint64_t token = (std::uint64_t{generation} << index_bits) | fresh->index;
  if (const std::error_code error = watch(file.get(), token)) {
    taken_directions nobody;
    [[maybe_unused]] const bool was_open = fresh->control.close_and_pin(generation, nobody);
    fresh->file = -1;
    slab_.give_back(*fresh);
    return error;
  }
  static_cast<void>(file.release());  // the record owns it now
  added = {fresh, this, generation};
  return {};
}

start_result readiness_backend::start(io_op& op) noexcept {
  scope& chain = *op.waiter;
  op.what = &readiness_kind;
  if (chain.is_stopping()) {
    op.result = -ECANCELED;
    return start_result::stopped;
  }
  descriptor_record& record = *op.on.record;
  const direction way = op.way();
  const control_word::claimed claimed = record.control.claim(op.on.generation, way);
  if (claimed == control_word::claimed::gone || claimed == control_word::claimed::busy) {
    op.result = claimed == control_word::claimed::gone ? -EBADF : -EBUSY;
    return start_result::done;
  }
  const bool may_try = claimed == control_word::claimed::may_try || op.kind == io_kind::connect;
  if (may_try && try_once(op, record.file)) {
    release(record, way, is_drained(op));
    return start_result::done;
  }
  WEFT_CHAOS(yield);
  if (!chain.arm(op, *op.leaf)) {
    op.result = -ECANCELED;
    release(record, way, false);
    return start_result::stopped;
  }
  switch (wait_or_complete(op)) {
    case settled::completed:
      chain.to_resume(*op.leaf);
      WEFT_CHAOS(yield);
      return chain.finish() ? start_result::done : start_result::pending;
    case settled::stopped:
      chain.to_unwind(*op.leaf);
      return chain.finish() ? start_result::stopped : start_result::pending;
    case settled::waiting:
      break;
  }
  return start_result::pending;
}

readiness_backend::settled readiness_backend::wait_or_complete(io_op& op) noexcept {
  descriptor_record& record = *op.on.record;
  const direction way = op.way();
  for (;;) {
    record.waiting[static_cast<unsigned>(way)] = &op;
    op.waiter->run = &attempt_job;
    WEFT_CHAOS(yield);
    switch (record.control.publish(way)) {
      case control_word::published::waiting:
        return settled::waiting;  // point 2 at the head: `op` may be gone
      case control_word::published::closed:
        op.result = -ECANCELED;
        release(record, way, false);
        return settled::completed;
      case control_word::published::try_again:
        break;
    }
    if (op.waiter->is_stopping()) {
      op.result = -ECANCELED;
      release(record, way, false);
      return settled::stopped;
    }
    if (try_once(op, record.file)) {
      release(record, way, is_drained(op));
      return settled::completed;
    }
  }
}

readiness_backend::settled readiness_backend::attempt(io_op& op) noexcept {
  const bool is_stopping = op.waiter->is_stopping();
  if (op.is_closed) {
    op.result = -ECANCELED;
    return is_stopping ? settled::stopped : settled::completed;
  }
  // SAFETY: only this backend sets attempt_job, and it outlives its operations.
  auto& home = static_cast<readiness_backend&>(*op.on.home);
  descriptor_record& record = *op.on.record;
  const direction way = op.way();
  if (is_stopping) {
    op.result = -ECANCELED;
    home.release(record, way, false);  // what an event promised is still there for the next operation
    return settled::stopped;
  }
  if (try_once(op, record.file)) {
    home.release(record, way, is_drained(op));
    return settled::completed;
  }
  return home.wait_or_complete(op);
}

void readiness_backend::attempt_job(job& lent, turn& now) noexcept {
  auto& chain = static_cast<scope&>(lent);
  // SAFETY: run is attempt_job only while an io_op is armed, and nobody but this job disarms it.
  auto& op = static_cast<io_op&>(chain.armed_op());
  switch (attempt(op)) {
    case settled::waiting:
      break;
    case settled::completed:
      chain.to_resume(*op.leaf);
      if (chain.finish()) scope::resume_job(chain, now);
      break;
    case settled::stopped:
      chain.to_unwind(*op.leaf);
      if (chain.finish()) scope::unwind_job(chain, now);
      break;
  }
}

cancel_outcome readiness_backend::kick(leaf_op& armed, job_list& ready) noexcept {
  // SAFETY: the operation stays until this canceller has left; see scope::finish().
  auto& op = static_cast<io_op&>(armed);
  descriptor_record& record = *op.on.record;
  const direction way = op.way();
  if (record.control.kick(op.on.generation, way)) {
    ready.push_back(*record.waiting[static_cast<unsigned>(way)]->waiter);  // maybe a stranger's: see point 1
  }
  return cancel_outcome::completing;
}

void readiness_backend::describe(const leaf_op& armed, std::int64_t, std::string& text) {
  const auto& op = static_cast<const io_op&>(armed);
  // Pinned: whoever closes it meanwhile may be a thread that is no worker.
  const pinned open(op.on);
  text += verb_of(op.kind);
  text += open.file() < 0 ? " a closed descriptor" : " descriptor " + std::to_string(open.file());
}

void readiness_backend::on_event(std::uint64_t token, readiness_event what, job_list& ready) noexcept {
  descriptor_record& record = slab_.find(static_cast<std::uint32_t>(token));
  const taken_directions taken = record.control.notify(static_cast<std::uint32_t>(token >> index_bits), what);
  WEFT_CHAOS(yield);
  if (taken.read) ready.push_back(*record.waiting[static_cast<unsigned>(direction::read)]->waiter);
  if (taken.write) ready.push_back(*record.waiting[static_cast<unsigned>(direction::write)]->waiter);
}

void readiness_backend::close(descriptor closing, job_list& ready) noexcept {
  if (!closing) return;
  descriptor_record& record = *closing.record;
  taken_directions waiting;
  if (!record.control.close_and_pin(closing.generation, waiting)) return;
  for (const direction way : {direction::read, direction::write}) {
    if (!(way == direction::read ? waiting.read : waiting.write)) continue;
    io_op& op = *record.waiting[static_cast<unsigned>(way)];
    WEFT_CHAOS(yield);
    op.is_closed = true;
    ready.push_back(*op.waiter);
  }
  // The peer learns of it even while a system call of ours keeps the descriptor open. What is no socket
  // refuses.
  static_cast<void>(os::shutdown(record.file, os::shutdown_side::both));
  unpin(closing);
}

int readiness_backend::pin(descriptor used) noexcept {
  if (!used || !used.record->control.pin(used.generation)) return -EBADF;
  return used.record->file;
}

void readiness_backend::unpin(descriptor used) noexcept {
  if (used.record->control.unpin()) close_for_good(*used.record);
}

void readiness_backend::release(descriptor_record& held, direction way, bool is_drained) noexcept {
  if (held.control.release(way, is_drained)) close_for_good(held);
}

void readiness_backend::close_for_good(descriptor_record& last_used) noexcept {
  WEFT_CHAOS(yield);
  unwatch(last_used.file);
  {
    const os::fd closing(last_used.file);
  }
  last_used.file = -1;
  slab_.give_back(last_used);
}

}  // namespace weft::inline WEFT_ABI::rt
