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


class the_comparison(unittest.TestCase):
    def test_every_rival_solves_every_problem_it_lists(self):
        with tempfile.TemporaryDirectory() as folder:
            ran = run("--threads", "2", "--rounds", "1", "--out", folder)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = json.loads(pathlib.Path(folder, "results.json").read_text())
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
        base = [row for row in rows if row["rival"] == "serial" and row["problem"] == "fib"]
        self.assertEqual([row["ratio_to_serial"] for row in base], [1.0])

    def test_a_filter_is_searched_for_anywhere_in_the_name(self):
        with tempfile.TemporaryDirectory() as folder:
            ran = run("--threads", "1,2", "--rounds", "1", "--rivals", "weft", "--filter", "_join$|ield", "--out", folder)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = json.loads(pathlib.Path(folder, "results.json").read_text())
        self.assertEqual([(row["problem"], row["rival"], row["threads"]) for row in rows],
                         [("spawn_join", "weft", 1), ("spawn_join", "weft", 2), ("yield", "weft", 1), ("yield", "weft", 2)])

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
