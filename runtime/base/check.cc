#include "weft/rt/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weft::inline WEFT_ABI::rt {

void broken_rule(const char* file, int line, const char* condition, const char* words) noexcept {
  std::fprintf(stderr, "%s:%d: weft: %s  [%s]\n", file, line, words, condition);
  std::fflush(stderr);
  std::abort();
}

void cannot_throw(const char* error) noexcept {
  std::fprintf(stderr, "weft: an error, in a program that is built without exceptions: %s\n", error);
  std::fflush(stderr);
  std::abort();
}

}  // namespace weft::inline WEFT_ABI::rt
