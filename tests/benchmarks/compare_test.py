#!/usr/bin/python3 -B
"""Every C++ rival solves every problem that it lists, at tiny sizes, and the runner reports each of them."""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

RUNNER = os.path.abspath(sys.argv.pop())
FIELDS = {"problem": str, "rival": str, "compiler": str, "threads": int, "rounds": int, "median_seconds": float,
          "min_seconds": float, "max_seconds": float, "peak_rss_bytes": int}


def run(*args):
    return subprocess.run([RUNNER, "--only-cpp", "--tiny", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=240, check=False)


def write_rival(folder, name, measures, version="echo '{\"compiler\": \"mine 1.0\"}'"):
    """A rival that is a script, with one problem."""
    path = pathlib.Path(folder, name + "_rival")
    path.write_text('#!/bin/sh\ncase "$1" in\n--version) %s ;;\n--list) echo fib ;;\n*) %s ;;\nesac\n' % (version, measures))
    path.chmod(0o755)


class the_comparison(unittest.TestCase):
    def test_every_rival_solves_every_problem_it_lists(self):
        with tempfile.TemporaryDirectory() as folder:
            ran = run("--threads", "2", "--rounds", "1", "--out", folder)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = json.loads(pathlib.Path(folder, "results.json").read_text())
            about = json.loads(pathlib.Path(folder, "meta.json").read_text())
            with open(os.path.join(folder, "results.csv"), newline="") as file:
                self.assertEqual(len(list(csv.DictReader(file))), len(rows))
        listed = set()
        for program in pathlib.Path(RUNNER).parent.glob("*_rival"):
            said = subprocess.run([program, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
            listed |= {(program.name[: -len("_rival")], problem) for problem in said}
        self.assertEqual({(row["rival"], row["problem"]) for row in rows}, listed)
        self.assertLessEqual({"weft", "serial", "onetbb", "onetbb_shared", "asio", "std_async", "fiber"},
                             {rival for rival, problem in listed})
        for row in rows:
            for field, kind in FIELDS.items():
                self.assertIsInstance(row[field], kind, (field, row))
            self.assertLessEqual(row["min_seconds"], row["median_seconds"])
            self.assertLessEqual(row["median_seconds"], row["max_seconds"])
            self.assertGreater(row["peak_rss_bytes"], 0)
            self.assertFalse(row["interrupted"])
        for compiler, flags in about["flags"].items():
            self.assertRegex(flags, r"-O\d|-std=c\+\+20", compiler)
        base = [row for row in rows if row["rival"] == "serial" and row["problem"] == "fib"]
        self.assertEqual([row["ratio_to_serial"] for row in base], [1.0])

    def test_a_filter_is_searched_for_anywhere_in_the_name(self):
        with tempfile.TemporaryDirectory() as folder:
            ran = run("--threads", "1,2", "--rounds", "1", "--rivals", "weft", "--filter", "_join$|ield", "--out", folder)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = json.loads(pathlib.Path(folder, "results.json").read_text())
        self.assertEqual([(row["problem"], row["rival"], row["threads"]) for row in rows],
                         [("spawn_join", "weft", 1), ("spawn_join", "weft", 2), ("yield", "weft", 1), ("yield", "weft", 2)])

    def test_an_interrupted_run_keeps_what_was_measured_and_marks_it(self):
        for signal in ("INT", "TERM"):
            with tempfile.TemporaryDirectory() as folder:
                write_rival(folder, "good", 'echo \'{"seconds": 1.5, "items": 1, "peak_rss_bytes": 1000}\'')
                # When it is its turn, it ends the runner.
                write_rival(folder, "late", "kill -%s $PPID; exec tail -f /dev/null" % signal)
                out = pathlib.Path(folder, "out")
                ran = run("--programs", folder, "--threads", "2", "--rounds", "3", "--out", str(out))
                self.assertEqual(ran.returncode, 130, ran.stderr)
                self.assertIn("interrupted after 1 of 6 measurements", ran.stderr)
                rows = json.loads((out / "results.json").read_text())
                about = json.loads((out / "meta.json").read_text())
                page = (out / "index.html").read_text() if (out / "index.html").exists() else None
            self.assertEqual([(row["rival"], row["rounds"], row["interrupted"]) for row in rows], [("good", 1, True)])
            self.assertEqual(about["interrupted"], "after 1 of 6 measurements")
            # Without Chart.js there is no page.
            if page is not None:
                self.assertIn("The run was interrupted after 1 of 6", page)

    def test_a_rival_that_does_not_start_is_skipped_with_a_word(self):
        with tempfile.TemporaryDirectory() as folder:
            write_rival(folder, "broken", "", version="exit 127")
            write_rival(folder, "good", "")
            ran = run("--programs", folder, "--list")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("broken is skipped: it does not say what it is", ran.stderr)
        self.assertIn("rivals: good\n", ran.stdout)

    def test_a_bad_name_lists_the_good_ones(self):
        for args, said in [
            (["--rivals", "weft,nobody"], "no rival 'nobody'.* serial weft onetbb"),
            (["--filter", "nothing"], "no problem fits 'nothing'.* fib .*skynet.* wake"),
            (["--compiler", "both"], "built with (gcc|clang) only"),
            (["--threads", "0"], "threads are 1 to 1024"),
            (["--filter", "("], "not a regular expression"),
        ]:
            ran = run(*args)
            self.assertEqual(ran.returncode, 2, args)
            self.assertRegex(ran.stderr, said)

    def test_a_rival_lists_its_problems_when_it_has_not_the_one_asked_for(self):
        program = os.path.join(os.path.dirname(RUNNER), "serial_rival")
        ran = subprocess.run([program, "--problem", "nothing"], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(ran.returncode, 2)
        self.assertTrue(re.search("no problem 'nothing'.* fib .*skynet", ran.stderr), ran.stderr)


if __name__ == "__main__":
    unittest.main()
