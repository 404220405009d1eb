#include "weft/rt/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weft::inline WEFT_ABI::rt {

void broken_rule(const char* file, int line, const char* condition, const char* words) noexcept {
  std::fprintf(stderr, "%s:%d: weft: %s  [%s]\n", file, line, words, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace weft::inline WEFT_ABI::rt
