#!/usr/bin/python3 -B
"""From recorded measurements to results: medians, spread, ratios, and the order in which cells are run."""

import dataclasses
import os
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, os.path.dirname(os.path.realpath(sys.argv.pop())))

import foreign  # noqa: E402
import programs  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402


def program(rival, compiler="g++-12", problems=("fib",)):
    family = {"g++": "gcc", "clang": "clang"}.get(compiler.split("-")[0], compiler.split()[0])
    return programs.program(rival, "/nowhere/" + rival, compiler, family, problems, {"compiler": compiler})


def lines(*seconds, **more):
    return [{"seconds": one, "items": 1, "peak_rss_bytes": 1000 + number, **more} for number, one in enumerate(seconds)]


def cell(rival, compiler="g++-12", threads=2):
    return rounds.cell("fib", threads, program(rival, compiler))


class results(unittest.TestCase):
    def test_the_median_and_not_the_mean_is_what_counts(self):
        row = report.results({cell("weft"): lines(1.0, 9.0, 2.0)})[0]
        self.assertEqual((row["median_seconds"], row["min_seconds"], row["max_seconds"], row["rounds"]), (2.0, 1.0, 9.0, 3))
        self.assertEqual(row["peak_rss_bytes"], 1002)

    def test_a_time_is_divided_by_that_of_the_same_compiler_and_threads(self):
        rows = report.results({
            cell("serial"): lines(1.0), cell("serial", "clang-19"): lines(2.0), cell("serial", threads=1): lines(4.0),
            cell("weft"): lines(3.0), cell("weft", "clang-19"): lines(3.0), cell("weft", threads=1): lines(3.0),
            cell("go", "go 1.19"): lines(3.0), cell("onetbb"): lines(6.0),
        })
        ratios = {(row["rival"], row["compiler"], row["threads"]): row["ratio_to_serial"] for row in rows}
        self.assertEqual(ratios["weft", "g++-12", 2], 3.0)
        self.assertEqual(ratios["weft", "clang-19", 2], 1.5)
        self.assertEqual(ratios["weft", "g++-12", 1], 0.75)
        # No compiler of its own among them: the first.
        self.assertEqual(ratios["go", "go 1.19", 2], 3.0)
        self.assertEqual(next(row["ratio_to_onetbb"] for row in rows if row["rival"] == "weft"), 0.5)
        self.assertNotIn("ratio_to_onetbb_shared", rows[0])

    def test_figures_beside_the_time_are_medians_too_and_items_divide_it(self):
        measured = lines(2.0, 2.0, 2.0)
        for line, value in zip(measured, (5.0, 7.0, 100.0)):
            line.update(items=4, figures={"p99_ns": value})
        row = report.results({cell("weft"): measured})[0]
        self.assertEqual((row["p99_ns"], row["seconds_per_item"]), (7.0, 0.5))

    def test_both_forms_of_onetbb_are_a_ratio_of_their_own(self):
        row = report.results({cell("weft"): lines(3.0), cell("onetbb"): lines(6.0), cell("onetbb_shared"): lines(2.0)})[0]
        self.assertEqual((row["ratio_to_onetbb"], row["ratio_to_onetbb_shared"]), (0.5, 1.5))

    def test_all_rows_of_an_interrupted_run_are_marked(self):
        rows = report.results({cell("weft"): lines(1.0), cell("onetbb"): lines(1.0, 1.0), cell("go"): []}, True)
        self.assertEqual([(row["rival"], row["rounds"], row["interrupted"]) for row in rows],
                         [("weft", 1, True), ("onetbb", 2, True)])
        self.assertFalse(report.results({cell("weft"): lines(1.0)})[0]["interrupted"])

    def test_flags_that_one_rival_has_alone_stand_by_themselves(self):
        found = [dataclasses.replace(program(name), flags=flags)
                 for name, flags in (("serial", "-O2"), ("openmp", "-O2 -fopenmp"), ("weft", "-O2"))]
        self.assertEqual(report.flags_of(found), {"g++-12": "-O2", "g++-12, openmp": "-O2 -fopenmp"})

    def test_a_cell_without_a_measurement_is_no_row(self):
        self.assertEqual(report.results({cell("weft"): []}), [])

    def test_rivals_that_do_not_agree_are_named(self):
        self.assertEqual(rounds.wrong_checksums({cell("weft"): lines(1.0, checksum=7), cell("go"): lines(1.0, checksum=7)}), [])
        said = rounds.wrong_checksums({cell("weft"): lines(1.0, checksum=7), cell("go"): lines(1.0, checksum=8)})
        self.assertEqual(len(said), 1)
        self.assertIn("7 by weft", said[0])
        self.assertIn("8 by go", said[0])


class what_is_left(unittest.TestCase):
    def test_a_cell_takes_as_long_as_it_did_and_others_as_long_as_the_mean(self):
        slow, quick = cell("fiber"), cell("weft")
        rest = rounds.forecast([slow, quick], 3)
        self.assertIsNone(rest.left())
        rest.ran(slow, 4.0)
        self.assertEqual(rest.left(), 2 * 4.0 + 3 * 4.0)
        rest.ran(quick, 1.0)
        self.assertEqual(rest.left(), 2 * 4.0 + 2 * 1.0)
        rest.drop(slow)
        self.assertEqual(rest.left(), 2 * 1.0)
        self.assertEqual(rounds.minutes(61.2), "1:01")


class other_languages(unittest.TestCase):
    """Without their tools, or with tools that do not work, they are skipped with a word, and nobody else is."""

    def skipped(self, *commands):
        said = []
        with tempfile.TemporaryDirectory() as folder:
            for name, text in commands:
                path = pathlib.Path(folder, name)
                path.write_text("#!/bin/sh\n" + text + "\n")
                path.chmod(0o755)
            with unittest.mock.patch.dict(os.environ, {"PATH": folder, "XDG_CACHE_HOME": folder}):
                self.assertEqual(foreign.build_all(said.append), [])
        return said

    def test_that_are_not_installed(self):
        said = self.skipped()
        self.assertEqual(len(said), 2)
        self.assertRegex(said[0], "go is skipped: there is no go here")
        self.assertRegex(said[1], "rayon and tokio are skipped: they need cargo")

    def test_whose_tools_do_not_work(self):
        with tempfile.TemporaryDirectory() as registry:
            for crate in ("rayon-1.6.1", "tokio-1.24.2"):
                pathlib.Path(registry, crate).mkdir()
            with unittest.mock.patch.object(foreign, "REGISTRY", pathlib.Path(registry)):
                said = self.skipped(("go", "echo no compiler; exit 1"), ("cargo", ""), ("rustc", "echo no toolchain; exit 1"))
        self.assertRegex(said[0], "go is skipped: go build fails: no compiler")
        self.assertRegex(said[1], "rayon and tokio are skipped: rustc --version fails: no toolchain")


class order(unittest.TestCase):
    def test_another_rival_begins_in_each_round(self):
        cells = rounds.plan([program(name) for name in ("serial", "weft", "onetbb")], ["fib"], [2])
        first = [rounds.turned(cells, number)[0].program.rival for number in range(4)]
        self.assertEqual(first, ["serial", "weft", "onetbb", "serial"])

    def test_a_problem_is_finished_before_the_next_begins(self):
        both = ("fib", "wake")
        cells = rounds.plan([program("serial"), program("weft", problems=both)], ["fib", "wake"], [1])
        self.assertEqual([(one.problem, one.program.rival) for one in rounds.turned(cells, 1)],
                         [("fib", "weft"), ("fib", "serial"), ("wake", "weft")])

    def test_quick_takes_one_compiler_and_leaves_other_languages_in(self):
        found = [program("weft"), program("weft", "clang-19"), program("go", "go 1.19")]
        self.assertEqual([one.compiler for one in programs.select(found, None, None, quick=True)], ["g++-12", "go 1.19"])
        self.assertEqual(len(programs.select(found, None, None, quick=False)), 3)


if __name__ == "__main__":
    unittest.main()
