#include "weft/net/tcp_stream.h"

#include <cerrno>
#include <system_error>

#include "weft/rt/os/socket.h"
#include "weft/rt/reactor/backend.h"
#include "weft/spawn.h"

namespace weft::inline WEFT_ABI {
namespace {

struct connected {
  static constexpr const char* what = "weft::tcp_stream::connect";
  void operator()(std::int64_t, std::error_code&) const noexcept {}
};

endpoint end_of(rt::descriptor on, rt::os::result<rt::os::address> (*which)(int) noexcept, const char* what) {
  if (!on) detail::throw_io_error(rt::os::to_error(EBADF), what);
  const rt::pinned open(on);
  if (open.file() < 0) detail::throw_io_error(rt::os::to_error(EBADF), what);
  const auto found = which(open.file());
  if (found.is_error()) detail::throw_io_error(found.error(), what);
  return endpoint(found.value());
}

}  // namespace

task<tcp_stream> tcp_stream::connect(endpoint peer) {
  rt::os::address address = peer.address();
  auto opened = rt::os::open_stream(address.family());
  if (opened.is_error()) detail::throw_io_error(opened.error(), connected::what);
  // Without a delay for small writes. A socket that refuses the option works all the same.
  static_cast<void>(rt::os::set_no_delay(opened.value().get(), true));
  rt::descriptor on;
  if (const std::error_code failed =
          detail::current_engine().add(std::move(opened).value(), rt::engine::placement::here, on)) {
    detail::throw_io_error(failed, connected::what);
  }
  tcp_stream made(on);
  co_await detail::io_operation(rt::io_kind::connect, on, &address, sizeof(address), false, connected());
  co_return made;
}

task<> tcp_stream::write_all(std::span<const std::byte> from) {
  while (!from.empty()) {
    const std::size_t sent = co_await write_some(from);
    from = from.subspan(sent);
  }
}

void tcp_stream::shutdown_write() {
  if (!on_) detail::throw_io_error(rt::os::to_error(EBADF), "weft::tcp_stream::shutdown_write");
  const rt::pinned open(on_);
  std::error_code failed = rt::os::to_error(EBADF);
  if (open.file() >= 0) failed = rt::os::shutdown(open.file(), rt::os::shutdown_side::send);
  if (failed) detail::throw_io_error(failed, "weft::tcp_stream::shutdown_write");
}

endpoint tcp_stream::local_endpoint() const {
  return end_of(on_, &rt::os::local_address, "weft::tcp_stream::local_endpoint");
}
endpoint tcp_stream::peer_endpoint() const {
  return end_of(on_, &rt::os::peer_address, "weft::tcp_stream::peer_endpoint");
}

}  // namespace weft::inline WEFT_ABI
