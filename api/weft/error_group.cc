#include "weft/error_group.h"

#include <source_location>
#include <span>
#include <string_view>
#include <utility>

#include "weft/rt/work/await_trail.h"
#include "weft/rt/work/coroutine_name.h"

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

// A group's text has lines of its own.
void add_indented(std::string& text, std::string_view lines) {
  for (const char c : lines) {
    text += c;
    if (c == '\n') text += "    ";
  }
}

std::string text_of(const std::vector<child_error>& errors) {
  std::string text = "weft: " + std::to_string(errors.size()) + " tasks of a group failed";
  for (const child_error& each : errors) {
    text += "\n  ";
    if (!each.name.empty()) text += each.name + ": ";
    add_indented(text, text_of(each.error));
    text += '\n';
    rt::write_spawned_at(each.spawned_at, "    ", text);
    std::span<const std::source_location> stack(each.stack);
    if (stack.empty()) stack = std::span(&each.where, 1);
    rt::write_places(stack, each.left_out, "    ", text);
    text.pop_back();
  }
  return text;
}

}  // namespace

error_group::error_group(std::vector<child_error> errors) {
  std::string text = text_of(errors);
  held_ = std::make_shared<const contents>(contents{std::move(errors), std::move(text)});
}

}  // namespace weft::inline WEFT_ABI
