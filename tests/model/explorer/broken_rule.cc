// WEFT_CHECK and WEFT_DCHECK in a model: a broken rule is a failure of this execution, not the end of the process.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "weft/model/explorer.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

void broken_rule(const char* file, int line, const char* condition, const char* words) noexcept {
  {
    const std::string text = std::string("broken rule: ") + words + "  [" + condition + "] in " + file + ':' +
                             std::to_string(line);
    model::explorer::get().fail(text, std::source_location::current());
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::abort();  // outside of an execution
}

void cannot_throw(const char* error) noexcept {
  broken_rule("", 0, error, "an error in a program that is built without exceptions");
}

}  // namespace weft::inline WEFT_ABI::rt
