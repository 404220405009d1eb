#include "weft/rt/reactor/backend.h"

namespace weft::inline WEFT_ABI::rt {

std::error_code make_backend(backend_kind kind, std::unique_ptr<backend>& made) noexcept {
  switch (kind) {
    case backend_kind::system_default:
    case backend_kind::epoll:
      break;
  }
  return make_epoll_backend(made);
}

}  // namespace weft::inline WEFT_ABI::rt
