#include "weft/rt/offload/refusal.h"

#include <string>

namespace weft::inline WEFT_ABI::rt {
namespace {

class refusal_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "weft.offload"; }

  [[nodiscard]] std::string message(int why) const override {
    return why == static_cast<int>(offload_refusal::shut_down)
               ? "the runtime shuts down: its pools take no more functions"
               : "the pool is busy and its queue is full";
  }

  [[nodiscard]] std::error_condition default_error_condition(int why) const noexcept override {
    return why == static_cast<int>(offload_refusal::shut_down)
               ? std::make_error_condition(std::errc::operation_canceled)
               : std::make_error_condition(std::errc::resource_unavailable_try_again);
  }
};

}  // namespace

std::error_code make_error_code(offload_refusal why) noexcept {
  static const refusal_category category;
  return {static_cast<int>(why), category};
}

}  // namespace weft::inline WEFT_ABI::rt
