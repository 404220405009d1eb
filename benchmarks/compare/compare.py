#!/usr/bin/python3 -B
"""Compares schedulers: each problem by each rival, each measurement in a process of its own, the rivals in turn.

./dev bench builds what this needs and starts it; so does `bazel run --config=opt //benchmarks:compare -- ...`. How to read
the results, and how to add a problem or a rival of your own: docs/benchmarks.md.
"""

import argparse
import os
import pathlib
import re
import sys

try:
    import programs
    import report
    import rounds
except ModuleNotFoundError as missing:
    sys.exit("bench: Python's %s is missing (Debian: python3-rich)" % missing.name)


def whole_numbers(text):
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError("'%s' is not a list of numbers such as 1,2,4" % text)
    if min(numbers) < 1 or max(numbers) > 1024:
        raise argparse.ArgumentTypeError("threads are 1 to 1024")
    return sorted(set(numbers))


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("'%s' is not a positive number" % text)
    return int(text)


def pattern(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError("'%s' is not a regular expression: %s" % (text, error))


def arguments(args):
    here = pathlib.Path(__file__).parent
    cpus = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n")[0])
    parser.add_argument("--filter", type=pattern, default=pattern(""), metavar="REGEX",
                        help="only problems in whose name this is found")
    parser.add_argument("--rivals", metavar="A,B", help="only these (%s runs too: ratios need it)" % report.BASE)
    parser.add_argument("--threads", type=whole_numbers, metavar="1,2", help="default: 1 and the number of CPUs")
    parser.add_argument("--rounds", type=positive, metavar="N", help="measurements of each cell; default 5")
    parser.add_argument("--compiler", choices=["gcc", "clang", "both"], help="default: the one it was built with")
    parser.add_argument("--quick", action="store_true", help="one compiler, one number of threads, 3 rounds")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="write results.json, results.csv, index.html")
    parser.add_argument("--list", action="store_true", help="name the problems and the rivals, and end")
    parser.add_argument("--tiny", action="store_true", help="small sizes, for tests: the times mean nothing")
    parser.add_argument("--programs", action="append", type=pathlib.Path, metavar="DIR",
                        help="where rivals' programs are (%s); once for each compiler" % programs.SUFFIX)
    parser.add_argument("--only-cpp", action="store_true", help="leave out Go and Rust, and do not build them")
    chosen = parser.parse_args(args)
    # `bazel run` starts us elsewhere.
    if chosen.out is not None:
        chosen.out = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / chosen.out
    chosen.programs = chosen.programs or [here]
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 5)
    chosen.threads = chosen.threads or ([cpus] if chosen.quick else sorted({1, cpus}))
    return chosen


def say(text):
    print("bench: " + text, file=sys.stderr)


def main(args):
    chosen = arguments(args)
    found = programs.find(chosen.programs, say, with_foreign=not chosen.only_cpp)
    try:
        found = programs.select(found, chosen.compiler, chosen.rivals, chosen.quick)
        problems = programs.problems_of(found, chosen.filter)
    except programs.unknown_name as error:
        say(str(error))
        return 2
    if chosen.list:
        print("problems: " + " ".join(problems))
        print("rivals: " + " ".join(dict.fromkeys(program.rival for program in found)))
        return 0
    ran = rounds.run(rounds.plan(found, problems, chosen.threads), chosen.rounds, chosen.tiny)
    results = report.results(ran.measured, ran.is_interrupted)
    # First: who reads the table may stop reading.
    if chosen.out is not None and results:
        report.write(results, report.meta(found, chosen, ran), chosen.out, say)
    if results:
        report.show(results, found)
    for failure in ran.failures:
        say(failure)
    if ran.is_interrupted:
        say("interrupted after %d of %d measurements: these results are marked" % (ran.done, ran.wanted))
        return 130
    return 1 if ran.failures or not results else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before or after the measurements; rounds.run() looks after those.
        sys.exit(130)
