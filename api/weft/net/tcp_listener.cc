#include "weft/net/tcp_listener.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "weft/rt/os/socket.h"
#include "weft/rt/reactor/backend.h"
#include "weft/runtime.h"

namespace weft::inline WEFT_ABI {

tcp_stream detail::accepted_stream::operator()(std::int64_t descriptor,
                                               std::error_code& failed) const noexcept {
  rt::os::fd opened(static_cast<int>(descriptor));
  // Without a delay for small writes. A socket that refuses the option works all the same.
  static_cast<void>(rt::os::set_no_delay(opened.get(), true));
  rt::descriptor on;
  failed = home_->add(std::move(opened), rt::engine::placement::spread, on);
  return failed ? tcp_stream() : tcp_stream(on);
}

tcp_listener tcp_listener::bind(const endpoint& at, int backlog) {
  return bind_on(detail::current_engine(), at, backlog);
}
tcp_listener tcp_listener::bind(runtime& on, const endpoint& at, int backlog) {
  return bind_on(on.engine(), at, backlog);
}

tcp_listener tcp_listener::bind_on(rt::engine& home, const endpoint& at, int backlog) {
  auto opened = rt::os::bind_and_listen(at.address(), backlog);
  if (opened.is_error()) {
    throw std::system_error(opened.error(), "weft::tcp_listener::bind " + at.to_string());
  }
  rt::descriptor on;
  if (const std::error_code failed = home.add(std::move(opened).value(), rt::engine::placement::here, on)) {
    throw std::system_error(failed, "weft::tcp_listener::bind " + at.to_string());
  }
  return tcp_listener(on, home);
}

endpoint tcp_listener::local_endpoint() const {
  constexpr const char* what = "weft::tcp_listener::local_endpoint";
  if (!on_) detail::throw_io_error(rt::os::to_error(EBADF), what);
  const rt::pinned open(on_);
  if (open.file() < 0) detail::throw_io_error(rt::os::to_error(EBADF), what);
  const auto found = rt::os::local_address(open.file());
  if (found.is_error()) detail::throw_io_error(found.error(), what);
  return endpoint(found.value());
}

}  // namespace weft::inline WEFT_ABI
