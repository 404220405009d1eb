#include "weft/model/search.h"

#include <utility>

namespace weft::inline WEFT_ABI::model {
namespace {

void describe(finding& found, const model_case& one, const bounds& within, const choices& path) {
  const std::uint64_t executions = found.executions;
  found = replay(one, within, path.text());
  found.executions = executions;
}

// Without limits: a replayed path says itself what is chosen, and which options there were follows from them.
bounds unbounded(bounds within) {
  within.preemptions = within.stale_loads = 1'000'000;
  return within;
}

}  // namespace

std::vector<model_case>& all_models() {
  static std::vector<model_case> all;
  return all;
}

finding search_all(const model_case& one, const bounds& within) {
  finding found;
  choices path;
  path.restart(0);
  do {
    if (found.executions == within.most_exhaustive) return found;
    ++found.executions;
    if (!explorer::get().execute(one.body, path, within, false, false)) {
      describe(found, one, within, path);
      return found;
    }
  } while (path.next());
  found.is_complete = true;
  return found;
}

finding search_randomly(const model_case& one, const bounds& within, std::uint64_t seed) {
  finding found;
  choices path;
  for (std::uint64_t i = 0; i < within.random; ++i) {
    path.restart((seed + i) * 0x9E3779B97F4A7C15ull | 1);
    ++found.executions;
    if (!explorer::get().execute(one.body, path, within, true, false)) {
      describe(found, one, unbounded(within), path);
      return found;
    }
  }
  return found;
}

finding replay(const model_case& one, const bounds& within, const std::string& text) {
  finding found;
  choices path;
  path.prescribe(text);
  found.executions = 1;
  found.has_failed = !explorer::get().execute(one.body, path, within, false, true);
  found.why = explorer::get().why();
  found.trace = explorer::get().trace();
  found.path = path.text();
  return found;
}

}  // namespace weft::inline WEFT_ABI::model
