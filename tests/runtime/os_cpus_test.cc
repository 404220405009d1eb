// How many CPUs this process may use: the texts that the kernel shows, and the walk over them.

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "weft/rt/os/cpus.h"

namespace {

namespace os = weft::rt::os;
using directories = std::vector<std::string>;

// A root directory with the files that a test writes into it.
class made_up_system {
 public:
  made_up_system() {
    std::string pattern = testing::TempDir() + "weft_cpus_XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~made_up_system() { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
};

TEST(os_cpus, this_process_may_use_at_least_one_and_no_more_than_its_affinity) {
  cpu_set_t affinity;
  ASSERT_EQ(::sched_getaffinity(0, sizeof affinity, &affinity), 0);
  EXPECT_GE(os::usable_cpus(), 1u);
  EXPECT_LE(os::usable_cpus(), static_cast<unsigned>(CPU_COUNT(&affinity)));
}

TEST(os_cpus, a_thread_pinned_to_one_cpu_is_told_one) {
  cpu_set_t before, first;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int chosen = 0;
  while (!CPU_ISSET(chosen, &before)) ++chosen;
  CPU_ZERO(&first);
  CPU_SET(chosen, &first);
  ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
  EXPECT_EQ(os::usable_cpus(), 1u);
  ::sched_setaffinity(0, sizeof before, &before);
}

TEST(os_cpus, a_quota_is_rounded_up_to_whole_cpus) {
  EXPECT_EQ(os::parse_cpu_max("150000 100000\n"), 2u);
  EXPECT_EQ(os::parse_cpu_max("200000 100000\n"), 2u);
  EXPECT_EQ(os::parse_cpu_max("1000 100000"), 1u);
  EXPECT_EQ(os::parse_cpu_max("9223372036854775807 1"), 2147483647u);
  EXPECT_EQ(os::parse_cfs("350000\n", "100000\n"), 4u);
}

TEST(os_cpus, what_is_no_quota_limits_nothing) {
  for (const char* text :
       {"max 100000\n", "max", "", "\n", "100000", "100000 ", "100000 0\n", "-1 100000", "a b"}) {
    EXPECT_EQ(os::parse_cpu_max(text), std::nullopt) << text;
  }
  EXPECT_EQ(os::parse_cfs("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(os::parse_cfs("", ""), std::nullopt);
  EXPECT_EQ(os::parse_cfs("100000", "0"), std::nullopt);
}

TEST(os_cpus, the_cgroup_of_each_version_is_found) {
  const std::string text = "12:cpuset:/sets\n4:cpu,cpuacct:/v1/a:b\n1:name=systemd:/s\n0::/v2/scope\n";
  EXPECT_EQ(os::find_cgroup(text, os::cgroup_version::v1), "/v1/a:b");
  EXPECT_EQ(os::find_cgroup(text, os::cgroup_version::v2), "/v2/scope");
  EXPECT_EQ(os::find_cgroup("2:cpuset,cpuacct:/x\n", os::cgroup_version::v1), std::nullopt);
  EXPECT_EQ(os::find_cgroup("", os::cgroup_version::v2), std::nullopt);
}

TEST(os_cpus, the_mount_of_each_version_is_found) {
  const std::string text =
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda rw\n"
      "30 22 0:26 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
      "31 22 0:27 /docker/x /sys/fs/cgroup/cpu\\040time rw shared:9 master:3 - cgroup cgroup rw,cpu,cpuacct\n"
      "broken line\n"
      "32 22 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";
  const auto first = os::find_cgroup_mount(text, os::cgroup_version::v1);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->root, "/docker/x");
  EXPECT_EQ(first->point, "/sys/fs/cgroup/cpu time");
  const auto second = os::find_cgroup_mount(text, os::cgroup_version::v2);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->root, "/");
  EXPECT_EQ(second->point, "/sys/fs/cgroup/unified");
  EXPECT_FALSE(os::find_cgroup_mount("", os::cgroup_version::v2));
}

TEST(os_cpus, the_parents_of_a_cgroup_are_asked_up_to_the_mount) {
  EXPECT_EQ(os::cgroup_directories({"/", "/m"}, "/a/b"), (directories{"/m/a/b", "/m/a", "/m"}));
  EXPECT_EQ(os::cgroup_directories({"/", "/m"}, "/"), directories{"/m"});
  EXPECT_EQ(os::cgroup_directories({"/docker/x", "/m"}, "/docker/x/y"), (directories{"/m/y", "/m"}));
  EXPECT_EQ(os::cgroup_directories({"/docker/x", "/m"}, "/docker/x"), directories{"/m"});
  // Paths that do not lead below the mount.
  EXPECT_EQ(os::cgroup_directories({"/docker/x", "/m"}, "/docker/xy"), directories{"/m"});
  EXPECT_EQ(os::cgroup_directories({"/", "/m"}, "/../.."), directories{"/m"});
}

TEST(os_cpus, the_smallest_quota_on_the_way_up_counts) {
  const made_up_system system;
  system.write("/proc/self/cgroup", "0::/a/b\n");
  system.write("/proc/self/mountinfo", "32 22 0:28 / /cg rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(os::cpu_quota(system.root()), std::nullopt);
  system.write("/cg/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(os::cpu_quota(system.root()), std::nullopt);
  system.write("/cg/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(os::cpu_quota(system.root()), 3u);
  system.write("/cg/a/b/cpu.max", "800000 100000\n");
  EXPECT_EQ(os::cpu_quota(system.root()), 3u);
}

TEST(os_cpus, version_1_counts_where_it_holds_the_cpu_controller) {
  const made_up_system system;
  system.write("/proc/self/cgroup", "3:cpu,cpuacct:/docker/x\n0::/\n");
  system.write("/proc/self/mountinfo",
               "31 22 0:27 /docker/x /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
               "32 22 0:28 / /cg/unified rw - cgroup2 cgroup2 rw\n");
  system.write("/cg/cpu/cpu.cfs_quota_us", "150000\n");
  system.write("/cg/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(os::cpu_quota(system.root()), 2u);
}

}  // namespace
