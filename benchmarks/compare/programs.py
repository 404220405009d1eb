"""Which rivals there are: programs named X_rival, and Go's and Rust's, which are built here when their tools are there.

A program answers --list, --version and --problem P --threads N [--tiny]; harness/main.cc says how.
"""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

import foreign

SUFFIX = "_rival"
# The order of the tables. Whoever is not named here comes after, by name.
RIVALS = ["serial", "weft", "onetbb", "onetbb_shared", "openmp", "asio", "std_async", "fiber", "go", "rayon", "tokio"]
PROBLEMS = [
    "fib", "fib_closures", "skynet", "nqueens", "matmul", "uneven_tree", "spawn_join", "spawn_join_1000", "await_child",
    "yield", "ping_pong", "mixed_latency", "million_suspended", "foreign_post", "wake",
]


class unknown_name(Exception):
    """A name that the user gave; the sentence lists the good ones."""


@dataclasses.dataclass(frozen=True)
class program:
    rival: str
    path: str
    compiler: str  # for people: g++-12, clang-19, go1.19.8
    family: str  # gcc, clang, or the rival's own
    problems: tuple
    versions: dict = dataclasses.field(compare=False)
    flags: str = dataclasses.field(compare=False, default="not recorded")


def in_order(names, order):
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def ask(path, option):
    return subprocess.run([path, option], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


def flags_in(path):
    """The options of the compiler, as it wrote them into the program (-frecord-gcc-switches: rival.bzl)."""
    try:
        read = subprocess.run(["readelf", "--string-dump=.GCC.command.line", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace", check=False, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "not recorded"
    recorded = re.findall(r"^ *\[ *[0-9a-f]+\] +(.*)$", read, re.MULTILINE)
    # One text for each source file, the same but for file names. Those, and folders, say nothing of the code.
    words = [word for text in recorded for word in text.split() if re.match(r"-(O|f|m|std|g)", word)]
    plain = [word for word in dict.fromkeys(words) if "/" not in word and not word.startswith("-frecord-")]
    return " ".join(plain) or "not recorded"


def described(path, say, flags=None):
    """The program at this path, or None with a word why it takes no part."""
    rival = os.path.basename(path)[: -len(SUFFIX)]
    try:
        versions = json.loads(ask(path, "--version"))
        said = versions.pop("compiler")
        kind, version = said.split()[:2]
        problems = tuple(ask(path, "--list").split())
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        say("%s is skipped: it does not say what it is: %s" % (rival, error))
        return None
    family = {"g++": "gcc", "clang": "clang"}.get(kind, kind)
    compiler = "%s-%s" % (kind, version.split(".")[0]) if family in ("gcc", "clang") else kind + " " + version
    if "absent" in versions:
        say("%s (%s) is skipped: %s" % (rival, compiler, versions["absent"]))
        return None
    # Not every compiler records definitions; the program knows those that matter.
    flags = flags or (flags_in(path) + " " + versions.pop("defines", "")).strip()
    return program(rival, str(path), compiler, family, problems, {**versions, "compiler": said}, flags)


def find(folders, say, with_foreign=True):
    found = []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).resolve().glob("*" + SUFFIX)):
            found.append(described(str(path), say))
    # These are there once, whatever the C++ compilers are.
    for path, flags in foreign.build_all(say) if with_foreign else []:
        found.append(described(str(path), say, flags))
    return [one for one in found if one is not None]


def select(found, compiler, rivals, quick):
    """Those of this compiler and among these rivals. `serial` stays: everything is divided by it."""
    names = in_order({one.rival for one in found}, RIVALS)
    if rivals is not None:
        wanted = rivals.split(",")
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise unknown_name("no rival '%s' here; there are: %s" % (unknown[0], " ".join(names)))
        found = [one for one in found if one.rival in wanted or one.rival == "serial"]
    families = {one.family for one in found} & {"gcc", "clang"}
    if compiler is None and quick and families:
        compiler = "gcc" if "gcc" in families else "clang"
    if compiler in ("gcc", "clang"):
        if compiler not in families:
            raise unknown_name(
                "built with %s only; ./dev bench --compiler %s builds the other" % (" ".join(families), compiler))
        found = [one for one in found if one.family not in ("gcc", "clang") or one.family == compiler]
    elif compiler == "both" and families != {"gcc", "clang"}:
        raise unknown_name("built with %s only; ./dev bench --compiler both builds both" % " ".join(families))
    return sorted(found, key=lambda one: (in_order(names, RIVALS).index(one.rival), one.compiler))


def problems_of(found, chosen):
    every = in_order({problem for one in found for problem in one.problems}, PROBLEMS)
    good = [problem for problem in every if chosen.search(problem)]
    if not good:
        raise unknown_name("no problem fits '%s'; there are: %s" % (chosen.pattern, " ".join(every)))
    return good
