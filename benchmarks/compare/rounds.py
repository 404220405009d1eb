"""Runs the cells: round by round, and within a round the rivals of a problem one after the other.

So what slows the machine for a while slows all rivals, and not the one whose turn it was. Each measurement is a process
of its own: nothing that a rival leaves behind (threads, memory) is there for the next one.
"""

import dataclasses
import json
import signal
import statistics
import subprocess
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

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


class forecast:
    """How long the rest takes. A cell takes as long as in its last round; one not yet run as long as the mean of those
    that were, until the first round is over."""

    def __init__(self, cells, how_often):
        self.to_do = {one: how_often for one in cells}
        self.took = {}

    def ran(self, one, seconds):
        self.took[one] = seconds
        self.to_do[one] -= 1

    def drop(self, one):
        self.to_do[one] = 0

    def left(self):
        if not self.took:
            return None
        mean = statistics.mean(self.took.values())
        return sum(count * self.took.get(one, mean) for one, count in self.to_do.items())


def minutes(seconds):
    return "?" if seconds is None else "%d:%02d" % divmod(round(seconds), 60)


@dataclasses.dataclass
class outcome:
    measured: dict  # cell: its lines; one for each round, fewer when the run was interrupted
    failures: list
    done: int
    wanted: int
    is_interrupted: bool
    seconds: float


def run(cells, how_often, tiny):
    """A cell that failed once is not run again. Ctrl-C, or a SIGTERM, ends the run and keeps what was measured."""
    all_of_it = outcome({one: [] for one in cells}, [], 0, len(cells) * how_often, False, 0.0)
    broken = set()
    rest = forecast(cells, how_often)
    begin = time.monotonic()
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                   TextColumn("left {task.fields[left]}"), console=Console(stderr=True))
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with bar:
            task = bar.add_task("", total=all_of_it.wanted, left="?")
            for one in (one for number in range(how_often) for one in turned(cells, number)):
                bar.update(task, description="%s by %s" % (one.problem, one.program.rival))
                if one not in broken:
                    started = time.monotonic()
                    line, failure = measure(one, tiny)
                    rest.ran(one, time.monotonic() - started)
                    if failure is None:
                        all_of_it.measured[one].append(line)
                    else:
                        broken.add(one)
                        rest.drop(one)
                        all_of_it.failures.append("%s by %s (%s, %d threads): %s" % (
                            one.problem, one.program.rival, one.program.compiler, one.threads, failure))
                all_of_it.done += 1
                bar.update(task, advance=1, left=minutes(rest.left()))
    except KeyboardInterrupt:
        all_of_it.is_interrupted = True
    finally:
        signal.signal(signal.SIGTERM, before)
    all_of_it.seconds = time.monotonic() - begin
    for one in broken:
        del all_of_it.measured[one]
    all_of_it.failures += wrong_checksums(all_of_it.measured)
    return all_of_it
