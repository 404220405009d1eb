#include "weft/rt/os/cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"

namespace weft::inline WEFT_ABI::rt::os {
namespace {

// The text before the first `end`, which is taken off `text` along with it.
std::string_view take_until(std::string_view& text, char end) noexcept {
  const std::size_t length = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return taken;
}

bool has_word(std::string_view list, std::string_view word) noexcept {
  while (!list.empty()) {
    if (take_until(list, ',') == word) return true;
  }
  return false;
}

std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

std::optional<unsigned> whole_cpus(std::int64_t quota, std::int64_t period) noexcept {
  if (quota < 0 || period <= 0) return std::nullopt;
  const std::int64_t cpus = quota / period + (quota % period != 0 ? 1 : 0);
  return static_cast<unsigned>(std::clamp<std::int64_t>(cpus, 1, INT_MAX));
}

// mountinfo writes blanks in names as a backslash and three octal digits.
std::string unescape(std::string_view text) noexcept {
  std::string plain;
  while (!text.empty()) {
    unsigned code = 0;
    if (text.front() == '\\' && text.size() >= 4 &&
        std::from_chars(text.data() + 1, text.data() + 4, code, 8).ptr == text.data() + 4) {
      plain += static_cast<char>(code);
      text.remove_prefix(4);
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

// Empty for a file that is not there, as most of those asked for are not.
std::string read_file(const std::string& path) noexcept {
  const io_result opened = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (opened.is_error()) return {};
  const fd file(static_cast<int>(opened.value));
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const io_result read = uninterrupted([&] { return ::read(file.get(), piece.data(), piece.size()); });
    if (read.count() == 0) return text;
    text.append(piece.data(), read.count());
  }
}

std::optional<unsigned> quota_of(const std::string& directory, cgroup_version version) noexcept {
  if (version == cgroup_version::v2) return parse_cpu_max(read_file(directory + "/cpu.max"));
  return parse_cfs(read_file(directory + "/cpu.cfs_quota_us"), read_file(directory + "/cpu.cfs_period_us"));
}

unsigned cpus_in_affinity() noexcept {
  // The kernel refuses a mask with fewer bits than it has CPUs, and does not say how many those are.
  for (std::size_t masks = 1; masks <= 64; masks *= 2) {
    std::vector<cpu_set_t> mask(masks);
    const std::size_t bytes = masks * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, bytes, mask.data()) == 0) {
      return static_cast<unsigned>(std::max(CPU_COUNT_S(bytes, mask.data()), 1));
    }
    if (errno != EINVAL) break;
  }
  return static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

}  // namespace

unsigned usable_cpus() noexcept {
  return std::min(cpus_in_affinity(), cpu_quota().value_or(UINT_MAX));
}

std::optional<unsigned> cpu_quota(const std::string& root) noexcept {
  const std::string cgroups = read_file(root + "/proc/self/cgroup");
  const std::string mounts = read_file(root + "/proc/self/mountinfo");
  std::optional<unsigned> least;
  // A system with both trees has the cpu controller in one of them; the other has no such files.
  for (const cgroup_version version : {cgroup_version::v2, cgroup_version::v1}) {
    const std::optional<std::string_view> cgroup = find_cgroup(cgroups, version);
    const std::optional<cgroup_mount> mount = find_cgroup_mount(mounts, version);
    if (!cgroup || !mount) continue;
    for (const std::string& directory : cgroup_directories(*mount, *cgroup)) {
      const std::optional<unsigned> quota = quota_of(root + directory, version);
      if (quota) least = std::min(*quota, least.value_or(UINT_MAX));
    }
  }
  return least;
}

std::optional<unsigned> parse_cpu_max(std::string_view text) noexcept {
  text = take_until(text, '\n');
  const std::optional<std::int64_t> quota = parse_number(take_until(text, ' '));
  const std::optional<std::int64_t> period = parse_number(text);
  if (!quota || !period) return std::nullopt;
  return whole_cpus(*quota, *period);
}

std::optional<unsigned> parse_cfs(std::string_view quota, std::string_view period) noexcept {
  const std::optional<std::int64_t> quota_us = parse_number(quota);
  const std::optional<std::int64_t> period_us = parse_number(period);
  if (!quota_us || !period_us) return std::nullopt;
  return whole_cpus(*quota_us, *period_us);
}

std::optional<std::string_view> find_cgroup(std::string_view text, cgroup_version version) noexcept {
  // A line is `number:controllers:cgroup`; the tree of version 2 is number 0 and names no controllers.
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view number = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    const bool is_v2 = number == "0" && controllers.empty();
    if (version == cgroup_version::v2 ? is_v2 : has_word(controllers, "cpu")) return line;
  }
  return std::nullopt;
}

std::optional<cgroup_mount> find_cgroup_mount(std::string_view text, cgroup_version version) noexcept {
  // A line is `id parent device root point options [tag ...] - type source superoptions`.
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view tail = line.substr(dash + 3);
    const std::string_view type = take_until(tail, ' ');
    take_until(tail, ' ');
    const bool is_wanted =
        version == cgroup_version::v2 ? type == "cgroup2" : type == "cgroup" && has_word(tail, "cpu");
    if (!is_wanted) continue;
    std::string_view head = line.substr(0, dash);
    for (int skipped = 0; skipped < 3; ++skipped) take_until(head, ' ');
    std::string root = unescape(take_until(head, ' '));
    return cgroup_mount{std::move(root), unescape(take_until(head, ' '))};
  }
  return std::nullopt;
}

std::vector<std::string> cgroup_directories(const cgroup_mount& mount, std::string_view cgroup) noexcept {
  // A container sees its own cgroup as the mount's root, whether or not it is told its path from there: where
  // the path does not lead below the mount, the mount itself is the best answer.
  if (mount.root != "/") {
    const bool is_below = cgroup.starts_with(mount.root) &&
                          (cgroup.size() == mount.root.size() || cgroup[mount.root.size()] == '/');
    cgroup.remove_prefix(is_below ? mount.root.size() : cgroup.size());
  }
  if (cgroup.starts_with("/..")) cgroup = {};
  while (cgroup.ends_with('/')) cgroup.remove_suffix(1);

  std::vector<std::string> directories;
  for (; !cgroup.empty(); cgroup = cgroup.substr(0, cgroup.rfind('/'))) {
    directories.push_back(mount.point + std::string(cgroup));
  }
  directories.push_back(mount.point);
  return directories;
}

}  // namespace weft::inline WEFT_ABI::rt::os
