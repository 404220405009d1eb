#!/usr/bin/python3 -B
"""Does a program of a page do what the page says? See extract.py for the convention.

    check.py PAGE.json PROGRAM BINARY          runs it
    check.py PAGE.json PROGRAM COMPILER_LOG    one that must not compile: what the compiler said
"""

import difflib
import json
import subprocess
import sys


def is_part(wanted, line):
    """`wanted` is part of `line`, where `...` stands for anything."""
    at = 0
    for piece in wanted.strip().split("..."):
        at = line.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def missing(wanted, said):
    """The lines that are not found in `said`, in this order."""
    lines, lost = iter(said.splitlines()), []
    for each in wanted.splitlines():
        if each.strip() and not any(is_part(each, line) for line in lines):
            lost.append("not said: %s" % each)
            lines = iter(said.splitlines())
    return lost


def difference(expected, printed):
    lines = difflib.unified_diff(expected.splitlines(), printed.splitlines(), "the page", "the program", lineterm="")
    return list(lines) if expected != printed else []


def without_blocked_workers(said):
    """On a crowded machine a worker may be kept from running in the middle of a job, and is reported."""
    return [line for line in said.splitlines() if not (line.startswith("weft: worker ") and " in one job " in line)]


def problems_of_run(check, binary):
    ran = subprocess.run([binary], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    wrong, expected = [], check["expected"]
    if check["kind"] == "aborts":
        if ran.returncode == 0:
            wrong.append("it ends with 0; the page says that it does not")
        wrong += missing(expected["output"], ran.stderr)
    else:
        if ran.returncode != 0:
            wrong.append("it ends with %d" % ran.returncode)
        if "output" in expected:
            wrong += difference(expected["output"], ran.stdout)
        if "stderr" in expected:
            wrong += missing(expected["stderr"], ran.stderr)
        elif without_blocked_workers(ran.stderr):
            wrong.append("it writes to standard error, which the page does not show")
    return wrong, ran.stderr


def problems_of_refusal(check, log):
    with open(log, encoding="utf-8") as stream:
        said = stream.read()
    if said.endswith("exit status 0\n"):
        return ["the compiler takes it"], said
    return missing(check["expected"]["output"], said), said


def main(page, program, path):
    with open(page, encoding="utf-8") as stream:
        check = json.load(stream)[program]
    judge = problems_of_refusal if check["kind"] == "refused" else problems_of_run
    wrong, said = judge(check, path)
    if wrong:
        sys.exit("%s: %s\n%s" % (check["place"], "\n".join(wrong), said))


if __name__ == "__main__":
    main(*sys.argv[1:])
