// named: what a spawned task is called in errors and in runtime::dump(), and where it was spawned.
//
//     group.spawn(weft::named("fetch 3"), fetch, url);
//     auto page = weft::spawn(weft::named("front page"), fetch, url);
//
// First among the arguments of a spawn. The place is that of named() itself: a default argument cannot follow
// the arguments of a call. A spawn of a callable without arguments, or of a task, knows its place without it.
//
// Thread safety: a value. Errors: std::bad_alloc. Cost: an allocation a task, of the name; none without one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "weft/rt/base/config.h"
#include "weft/rt/work/spawn_mark.h"

namespace weft::inline WEFT_ABI {

class named {
 public:
  explicit named(std::string name, std::source_location where = std::source_location::current())
      : name_(std::make_unique<const std::string>(std::move(name))), where_(where) {}

 private:
  friend class spawn_mark;
  std::unique_ptr<const std::string> name_;
  std::source_location where_;
};

// Kept with every spawned task: its name, if it was given one, and where it was spawned, if that is known.
class spawn_mark : public rt::spawn_mark {
 public:
  using rt::spawn_mark::spawn_mark;
  explicit spawn_mark(named&& label) noexcept : rt::spawn_mark(label.where_, std::move(label.name_)) {}
};

}  // namespace weft::inline WEFT_ABI
