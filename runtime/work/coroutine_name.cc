#include "weft/rt/work/coroutine_name.h"

#include <cstddef>

namespace weft::inline WEFT_ABI::rt {
namespace {

#define WEFT_TEXT_(name) #name
#define WEFT_TEXT(name) WEFT_TEXT_(name)
constexpr std::string_view inline_namespace = WEFT_TEXT(WEFT_ABI) "::";
#undef WEFT_TEXT
#undef WEFT_TEXT_

// Of template arguments and parameters; what is longer becomes "...".
constexpr std::size_t longest_list = 48;

// Where the bracket opens that the last character closes; npos if it does not.
std::size_t opening_of_last(std::string_view text, char open, char close) noexcept {
  std::size_t depth = 0;
  for (std::size_t at = text.size(); at-- > 0;) {
    if (text[at] == close) ++depth;
    if (text[at] == open && --depth == 0) return at;
  }
  return std::string_view::npos;
}

// Before the first space outside all brackets stands the type of the result.
std::string_view without_result(std::string_view name) noexcept {
  int depth = 0;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char c = name[at];
    if (c == '<' || c == '(' || c == '[') ++depth;
    if (c == '>' || c == ')' || c == ']') --depth;
    if (c == '(' && depth == 1) break;  // the parameters: there was no result
    if (c == ' ' && depth == 0) return name.substr(at + 1);
  }
  return name;
}

// "void app::serve(serve(int)::_ZN3app5serveEi.Frame*)" is GCC's word for app::serve(int).
std::string without_frame(std::string_view name) {
  constexpr std::string_view tail = ".Frame*)";
  const std::size_t mangled = name.rfind("::_Z");
  if (!name.ends_with(tail) || mangled == std::string_view::npos) return std::string(name);
  const std::size_t open = opening_of_last(name, '(', ')');
  if (open == std::string_view::npos || open > mangled) return std::string(name);
  const std::string_view qualified = name.substr(0, open);
  const std::string_view written = name.substr(open + 1, mangled - open - 1);
  // A lambda is written with its place already.
  if (qualified.starts_with(written)) return std::string(written);
  const std::size_t last = qualified.rfind("::");
  if (last == std::string_view::npos) return std::string(written);
  return std::string(qualified.substr(0, last + 2)) + std::string(written);
}

// Every outermost list between such brackets that is too long becomes "<...>".
std::string with_short_lists(std::string_view name, char open, char close) {
  std::string kept;
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at + 1;
    if (name[at] == open) {
      for (int depth = 1; end < name.size() && depth > 0; ++end) {
        if (name[end] == open) ++depth;
        if (name[end] == close) --depth;
      }
    }
    if (end - at > longest_list) {
      kept += {open, '.', '.', '.', close};
    } else {
      kept += name.substr(at, end - at);
    }
    at = end;
  }
  return kept;
}

}  // namespace

std::string coroutine_name(std::string_view function_name) {
  // What template parameters are is said at the end, " [with T = int]" or " [T = int]", and may be long.
  if (function_name.ends_with(']')) {
    const std::size_t open = opening_of_last(function_name, '[', ']');
    if (open != std::string_view::npos && open > 0) function_name = function_name.substr(0, open - 1);
  }
  std::string name = without_frame(without_result(function_name));
  for (const std::string_view noise :
       {inline_namespace, std::string_view("{anonymous}::"), std::string_view("(anonymous namespace)::")}) {
    for (std::size_t at = 0; (at = name.find(noise, at)) != std::string::npos;) name.erase(at, noise.size());
  }
  return with_short_lists(with_short_lists(name, '<', '>'), '(', ')');
}

std::string place_in_coroutine(const std::source_location& where) {
  return coroutine_name(where.function_name()) + " at " + where.file_name() + ':' +
         std::to_string(where.line());
}

void write_spawned_at(const std::source_location& where, std::string_view indent, std::string& text) {
  if (where.line() == 0) return;
  text += indent;
  text += "spawned at ";
  text += where.file_name();
  text += ':' + std::to_string(where.line()) + '\n';
}

}  // namespace weft::inline WEFT_ABI::rt
