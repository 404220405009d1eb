"""Runs the cells: round by round, and within a round the rivals of a problem one after the other.

So what slows the machine for a while slows all rivals, and not the one whose turn it was. Each measurement is a process
of its own: nothing that a rival leaves behind (threads, memory) is there for the next one.
"""

import dataclasses
import json
import subprocess

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import programs

# Seconds. The longest cell takes a few.
PATIENCE = 120


@dataclasses.dataclass(frozen=True)
class cell:
    problem: str
    threads: int
    program: programs.program


def plan(found, problems, threads):
    """The cells of one round, those of one problem side by side."""
    return [
        cell(problem, count, one)
        for problem in problems
        for count in threads
        for one in found
        if problem in one.problems
    ]


def turned(cells, by):
    """The same cells; within a problem and a number of threads another one begins."""
    groups = {}
    for one in cells:
        groups.setdefault((one.problem, one.threads), []).append(one)
    order = []
    for group in groups.values():
        first = by % len(group)
        order += group[first:] + group[:first]
    return order


def measure(one, tiny):
    """The line of one run, and why there is none."""
    command = [one.program.path, "--problem", one.problem, "--threads", str(one.threads)]
    try:
        ran = subprocess.run(command + (["--tiny"] if tiny else []), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return None, "no end within %d s" % PATIENCE
    if ran.returncode != 0:
        return None, "exit status %d: %s" % (ran.returncode, ran.stderr.strip()[-400:])
    try:
        return json.loads(ran.stdout), None
    except ValueError:
        return None, "what it printed is not a line of JSON: " + ran.stdout[:200]


def wrong_checksums(measured):
    """All rivals of a problem must come to the same answer, in whatever language."""
    answers = {}
    for one, lines in measured.items():
        for line in lines:
            if "checksum" in line:
                answers.setdefault(one.problem, {}).setdefault(line["checksum"], set()).add(one.program.rival)
    return [
        "%s: the rivals do not agree on the answer: %s"
        % (problem, "; ".join("%s by %s" % (answer, ",".join(sorted(who))) for answer, who in by_answer.items()))
        for problem, by_answer in answers.items()
        if len(by_answer) > 1
    ]


def run(cells, how_often, tiny):
    """{cell: [line, ...]}, and what went wrong. A cell that failed once is not run again."""
    measured = {one: [] for one in cells}
    failures = []
    broken = set()
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                   TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True))
    with bar:
        task = bar.add_task("", total=len(cells) * how_often)
        for number in range(how_often):
            for one in turned(cells, number):
                bar.update(task, description="%s by %s" % (one.problem, one.program.rival))
                if one not in broken:
                    line, failure = measure(one, tiny)
                    if failure is None:
                        measured[one].append(line)
                    else:
                        broken.add(one)
                        failures.append("%s by %s (%s, %d threads): %s" % (
                            one.problem, one.program.rival, one.program.compiler, one.threads, failure))
                bar.advance(task)
    return {one: lines for one, lines in measured.items() if one not in broken}, failures + wrong_checksums(measured)
