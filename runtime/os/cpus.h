// How many CPUs this process may use: how many workers to start.
//
// For options. A container is given a share of the machine, not the machine: affinity says which CPUs, the
// cgroup (version 2, or 1) says how much time on them, and std::thread::hardware_concurrency does not ask the
// latter. A process with 16 threads and a quota of 2 CPUs runs for an eighth of each period, then stands
// still.
//
// Surprising: affinity is the calling thread's, which is what the threads it starts inherit. The answer can
// change while the process runs; ask once, at the start.
//
// The steps are functions on text, so that they are tested without a container.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt::os {

// The CPUs in the calling thread's affinity, or fewer where the quota is less. At least one.
[[nodiscard]] unsigned usable_cpus() noexcept;

// The quota in whole CPUs, rounded up; empty where there is none. Files are looked for below `root`.
[[nodiscard]] std::optional<unsigned> cpu_quota(const std::string& root = {}) noexcept;

// The text of cpu.max: "150000 100000" is 2; "max 100000" is no limit. Empty too for what cannot be read.
[[nodiscard]] std::optional<unsigned> parse_cpu_max(std::string_view text) noexcept;

// The texts of cpu.cfs_quota_us and cpu.cfs_period_us. A quota below zero is no limit.
[[nodiscard]] std::optional<unsigned> parse_cfs(std::string_view quota, std::string_view period) noexcept;

enum class cgroup_version : std::uint8_t { v1, v2 };

// The cgroup of the process, for the cpu controller, in the text of /proc/self/cgroup.
[[nodiscard]] std::optional<std::string_view> find_cgroup(std::string_view text,
                                                          cgroup_version version) noexcept;

struct cgroup_mount {
  std::string root;   // the cgroup that is seen ...
  std::string point;  // ... at this directory
};

// Where the cpu controller's tree is mounted, in the text of /proc/self/mountinfo.
[[nodiscard]] std::optional<cgroup_mount> find_cgroup_mount(std::string_view text,
                                                            cgroup_version version) noexcept;

// The directories of a cgroup and its parents, as far up as the mount shows them: the own one first.
[[nodiscard]] std::vector<std::string> cgroup_directories(const cgroup_mount& mount,
                                                          std::string_view cgroup) noexcept;

}  // namespace weft::inline WEFT_ABI::rt::os
