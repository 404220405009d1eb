#!/usr/bin/python3 -B
"""What the debugger's script says of a core dump: a known tree of waiting tasks, and a worker that spins.

    weft_gdb_test.py PROGRAM SCRIPT SOURCE
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = SCRIPT = SOURCE = ""
PATIENCE = 240  # seconds; turns a hang into a red test


def gdb(*commands, files):
    """What it prints. No start-up files: they are the user's."""
    command = ["gdb", "-batch", "-nx", "-ex", "set width 0"]
    for each in commands:
        command += ["-ex", each]
    environment = dict(os.environ, DEBUGINFOD_URLS="")
    ran = subprocess.run(
        command + files, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, env=environment, text=True
    )
    return ran.stdout


class WeftGdbTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # gdb writes the dump itself, so nothing hangs on the kernel's core_pattern or ptrace_scope.
        cls.folder = tempfile.TemporaryDirectory()
        core = os.path.join(cls.folder.name, "core")
        said = gdb("break tasks_wait", "run", "generate-core-file " + core, "kill", files=[PROGRAM])
        if not os.path.exists(core):
            if "ptrace" in said or "Operation not permitted" in said:
                raise unittest.SkipTest("gdb may not trace a process here:\n" + said)
            raise AssertionError("no core dump:\n" + said)
        cls.core = core
        cls.text = cls.ask("weft all")
        with open(SOURCE) as source:
            lines = source.read().split("\n")
        cls.line = {m.group(1): n for n, text in enumerate(lines, 1) for m in re.finditer(r"// (?:await|spawn): (\w+)", text)}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def ask(cls, command):
        return gdb("source " + SCRIPT, command, files=[PROGRAM, cls.core])

    def check(self, pattern):
        self.assertRegex(self.text, re.compile(pattern, re.M))

    def place(self, name):
        return r" at \S*waiting_tasks\.cc:%d$" % self.line[name]

    def test_names_the_runtime_and_its_workers(self):
        self.check(r"^weft runtime 'night': 2 workers, 6 tasks$")
        self.check(r"^  night-\d \(thread \d+, gdb's \d+\): (asleep|awake|searching)")
        self.check(r"^  night-\d \(thread \d+, gdb's \d+\): runs night::spin\(.*%s" % self.place("spin")[:-1])

    def test_says_how_long_queues_are_and_what_the_pools_do(self):
        self.check(r"^  shared: \d+ jobs$")
        self.check(r"^  compute: 0 threads, 0 of them idle; 0 calls queued, 0 ended$")
        self.check(r"timers: [1-9]")

    def test_names_each_wait_with_its_place(self):
        self.check(r"^  - night::read\(.*\): I/O: accepting on descriptor \d+\n      night::read\(.*" + self.place("read"))
        self.check(r"^  - night::spin\(.*\): running on night-\d\n      night::spin\(.*" + self.place("spin"))
        self.check(r"night::take\(.*\): a semaphore\n *night::take\(.*" + self.place("take"))
        self.check(r"night::nap\(\): sleeping, due at \d+ ms of the monotonic clock\n *night::nap\(\)" + self.place("nap"))

    def test_shows_children_below_their_joins(self):
        self.check(r"^  - night::limited\(.*\): with_timeout, due at .*\n.*%s\n    - night::take\(" % self.place("limited")[:-1])
        self.check(r"^  - night::grouped\(.*\): with_task_group: the body and 1 children\n.*" + self.place("grouped"))
        self.check(r"^    - night::both\(.*\): when_all: 2 of 2 children left\n.*%s\n      - night::" % self.place("both")[:-1])
        self.check(r"^  - \(no coroutine\): a task_group: 1 children\n    - lullaby: sleeping")

    def test_calls_a_task_by_its_name_and_says_where_it_was_spawned(self):
        self.check(
            r"^    - lullaby: sleeping.*\n        spawned%s\n        night::nap\(\)%s" % (self.place("lullaby")[:-1], self.place("nap"))
        )
        self.check(r"^  - night::read\(.*\n      night::read\(")  # not known, so not said

    def test_shortens_a_long_chain(self):
        self.check(r"^      \.\.\. 70 more frames \.\.\.$")

    def test_counts_tasks_beyond_the_limit(self):
        self.assertRegex(self.ask("weft tasks 1"), r"\.\.\. and \d+ more")

    def test_says_so_when_there_is_no_debug_information(self):
        bare = os.path.join(self.folder.name, "stripped")
        subprocess.run(["strip", "-o", bare, PROGRAM], check=True)
        said = gdb("source " + SCRIPT, "weft all", files=[bare, self.core])
        self.assertIn("no debug information for weft", said)


if __name__ == "__main__":
    if shutil.which("gdb") is None:
        print("SKIPPED: gdb is not installed")
        sys.exit(0)
    PROGRAM, SCRIPT, SOURCE = (os.path.abspath(each) for each in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1])
