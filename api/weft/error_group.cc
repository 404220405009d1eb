#include "weft/error_group.h"

#include <string_view>
#include <utility>

namespace weft::inline WEFT_ABI {
namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

void add_place(std::string& text, std::string_view preposition, const std::source_location& where) {
  text += preposition;
  text += where.file_name();
  text += ':';
  text += std::to_string(where.line());
}

std::string text_of(const std::vector<child_error>& errors) {
  std::string text = "weft: " + std::to_string(errors.size()) + " tasks of a group failed";
  for (const child_error& each : errors) {
    text += "\n  ";
    if (!each.name.empty()) text += each.name + ": ";
    text += text_of(each.error);
    text += "\n    in ";
    text += each.where.function_name();
    add_place(text, " at ", each.where);
    if (each.spawned_at.line() != 0) add_place(text, "\n    spawned at ", each.spawned_at);
  }
  return text;
}

}  // namespace

error_group::error_group(std::vector<child_error> errors) {
  std::string text = text_of(errors);
  held_ = std::make_shared<const contents>(contents{std::move(errors), std::move(text)});
}

}  // namespace weft::inline WEFT_ABI
