#!/usr/bin/python3 -B
"""parallel_grep beside the grep of the system: the same lines, counts, names and exit status, in path order.

    parallel_grep_test.py PARALLEL_GREP
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import unittest

from reports import without_blocked_workers

PROGRAM = ""
PATIENCE = 120  # seconds; turns a hang into a red test
ENVIRONMENT = dict(os.environ, LC_ALL="C")
WORDS = ["weft", "warp", "shuttle", "loom", "Weft", "we", "ft", "(weft)", "w.ft", "\tweft", "weftweft", "", "\xe9"]


def run(program, *arguments, **options):
    done = subprocess.run(
        [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=ENVIRONMENT, timeout=PATIENCE, **options)
    return done.returncode, done.stdout, without_blocked_workers(done.stderr)


def lines_of(text):
    return sorted(text.splitlines())


def make_tree(root, seed):
    """Some hundred files, three levels deep: empty ones, ones without a last newline, one of several pieces."""
    rng = random.Random(seed)

    def text(lines):
        return b"\n".join(" ".join(rng.choices(WORDS, k=rng.randrange(9))).encode("latin-1") for _ in range(lines))

    for folder in ["", "a", "a/b", "a.b", "a/b/c", "z", ".hidden", "empty"]:
        os.makedirs(os.path.join(root, folder), exist_ok=True)
        for number in range(0 if folder == "empty" else 40):
            with open(os.path.join(root, folder, "%03d.txt" % rng.randrange(1000)), "wb") as file:
                file.write(text(rng.choice([0, 1, 2, 30, 300])) + rng.choice([b"", b"\n"]))
    with open(os.path.join(root, "z", "large"), "wb") as file:
        file.write(text(100_000))
    with open(os.path.join(root, "a", "long_line"), "wb") as file:
        file.write(b"x" * 700_000 + b" weft " + b"y" * 700_000)
    with open(os.path.join(root, "a", "binary"), "wb") as file:
        file.write(b"weft\n\0weft\n")
    os.symlink("../z", os.path.join(root, "a", "link_to_folder"))
    os.symlink("nowhere", os.path.join(root, "z", "dangling_link"))


class parallel_grep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.tree = os.path.join(cls.folder.name, "tree")
        make_tree(cls.tree, seed=42)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name, content):
        at = os.path.join(self.folder.name, name)
        with open(at, "wb") as file:
            file.write(content)
        return at

    def check_same(self, ours, theirs):
        """As assertEqual, which thinks about the difference of two long lists for minutes."""
        for number, (our, their) in enumerate(itertools.zip_longest(ours, theirs)):
            if our != their:
                self.fail("line %d: %.200r, expected %.200r" % (number, our, their))

    def check_like_grep(self, ours, pattern, flags=()):
        status, text, problems = run(PROGRAM, *ours, "--", pattern, self.tree)
        theirs = run("grep", "-rnI", *flags, "--", pattern, self.tree)
        self.check_same(lines_of(text), lines_of(theirs[1]))
        self.assertEqual((status, problems), (theirs[0], b""))
        return text

    def test_prints_what_grep_prints(self):
        for pattern in ["weft", "(weft)", "w.ft", "\t", "", "-weft", "weft weft"]:
            with self.subTest(pattern):
                self.check_like_grep([], pattern, ["-F"])

    def test_takes_regular_expressions(self):
        for pattern in ["^weft", "weft$", "^$", "(we|wa)(ft|rp)", "w.ft", "[[:upper:]]eft", "(weft ){2,}", "l(o+)m"]:
            with self.subTest(pattern):
                self.check_like_grep(["-E"], pattern, ["-E"])

    def test_counts_the_lines_of_each_file(self):
        self.check_like_grep(["-c"], "shuttle", ["-F", "-c"])

    def test_prints_only_names(self):
        self.check_like_grep(["-l"], "(weft)", ["-F", "-l"])

    def test_says_when_nothing_is_found(self):
        self.assertEqual(run(PROGRAM, "not there", self.tree), (1, b"", b""))

    def test_prints_in_one_order_however_many_files_at_a_time(self):
        one_by_one = run(PROGRAM, "--files", "1", "weft", self.tree)
        for files in ["2", "7", "64"]:
            status, text, problems = run(PROGRAM, "--files", files, "weft", self.tree)
            self.assertEqual((status, problems), (0, b""))
            self.check_same(text.splitlines(), one_by_one[1].splitlines())
        named = [line.split(b":")[0] for line in one_by_one[1].splitlines()]
        # By name in each folder, a folder's content where its name stands.
        self.check_same(named, sorted(named, key=lambda path: path.split(b"/")))

    def test_finds_a_match_wherever_a_piece_ends(self):
        start = 256 * 1024
        for shift in range(-6, 3):
            file = self.path("pieces", b"x" * (start + shift - 1) + b"\nneedle\nneedle")
            self.assertEqual(run(PROGRAM, "-c", "needle", file)[:2], (0, file.encode() + b":2\n"))

    def test_follows_what_it_was_asked_for(self):
        link = os.path.join(self.tree, "a", "link_to_folder")
        self.check_same(lines_of(run(PROGRAM, "loom", link)[1]), lines_of(run("grep", "-rnIF", "loom", link)[1]))

    def test_goes_on_after_what_cannot_be_read(self):
        # Reading its first byte is an error for root, too.
        status, text, problems = run(PROGRAM, "weft", "/proc/self/mem", os.path.join(self.tree, "z"), "not there")
        self.assertEqual(status, 2)
        self.check_same(lines_of(text), lines_of(run("grep", "-rnIF", "weft", os.path.join(self.tree, "z"))[1]))
        self.assertEqual(
            problems.splitlines(),
            [b"parallel_grep: /proc/self/mem: Input/output error",
             b"parallel_grep: not there: No such file or directory"])

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_reports_a_folder_that_it_may_not_read(self):
        closed = os.path.join(self.folder.name, "closed")
        os.makedirs(closed, mode=0o000, exist_ok=True)
        status, text, problems = run(PROGRAM, "weft", self.folder.name)
        self.assertEqual((status, problems), (2, b"parallel_grep: %s: Permission denied\n" % closed.encode()))
        self.assertNotEqual(text, b"")
        os.chmod(closed, 0o700)

    def test_refuses_a_line_that_does_not_fit_into_memory(self):
        file = self.path("endless", b"weft\n" + b"x" * (17 << 20))
        status, text, problems = run(PROGRAM, "weft", file)
        self.assertEqual((status, text), (2, file.encode() + b":1:weft\n"))
        self.assertIn(b"a line has more than 16 MiB", problems)

    def test_says_what_was_wrong_with_the_command(self):
        for wrong in [["-E", "(open"], ["--files", "0", "x"], ["-c", "-l", "x"], ["two\nlines"], []]:
            with self.subTest(wrong):
                status, text, problems = run(PROGRAM, *wrong, cwd=os.path.join(self.tree, "empty"))
                self.assertEqual((status, text), (2, b""))
                self.assertNotEqual(problems, b"")

    def test_shows_its_progress(self):
        status, text, problems = run(PROGRAM, "--progress", "-c", "weft", self.tree)
        files = len(text.splitlines())
        found = sum(int(line.split(b":")[1]) for line in text.splitlines())
        last = b"%d of %d files, matches: %d" % (files, files, found)
        self.assertEqual(status, 0)
        self.assertIn(last, problems.split(b"\r")[-1])

    def test_ends_when_its_reader_has_gone(self):
        with subprocess.Popen(
                [PROGRAM, "-E", ".", self.tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            running.stdout.readline()
            running.stdout.close()
            problems = running.stderr.read()
            self.assertEqual(running.wait(PATIENCE), 2)
        self.assertIn(b"Broken pipe", problems)

    def test_ends_when_it_is_interrupted(self):
        # The same file ten thousand times: hours, if nobody interrupts.
        file = self.path("again", b"needle\n" + b"some other text\n" * 500_000)
        with subprocess.Popen(
                [PROGRAM, "--progress", "needle", *[file] * 10_000], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL) as running:
            self.assertEqual(running.stdout.readline(), file.encode() + b":1:needle\n")
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=PATIENCE)
            self.assertEqual(running.returncode, 130)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
