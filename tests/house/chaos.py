"""A point of runtime/base/chaos.h is a statement on one line, and nothing in a release build.

The second is shown: some files are compiled with -O2 as they are and with the lines of all points emptied, and the
two objects must be the same, byte for byte.
"""

import concurrent.futures
import os
import re
import subprocess
import tempfile

from source import blank

POINT = re.compile(r"\bWEFT_CHAOS\s*\(")
STATEMENT = re.compile(r"\s*(?:WEFT_CHAOS\((?:yield|late_wake)\);|if \(.*WEFT_CHAOS\(\w+\)\) \S.*;)\s*")
HERE = "runtime/base/chaos.h"
FOLDERS = ["api/weft/", "runtime/"]
# Between them they compile almost every header with a point, and most of the sources.
COMPILED = [
    "api/weft/task_group.cc",
    "runtime/reactor/readiness.cc",
    "runtime/scheduler/worker.cc",
    "runtime/work/scope.cc",
]
FLAGS = ["-std=c++20", "-O2", "-Ioverlay", "-Iapi", "-c"]


def without_points(text):
    lines = zip(text.split("\n"), blank(text).split("\n"))
    return "\n".join("" if POINT.search(code) else line for line, code in lines)


def copy(tree, folder, change):
    """The sources below `folder`, with runtime/ as Bazel shows it."""
    for name in tree.select([".h", ".cc"], FOLDERS):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(change(tree.text(name)) if name != HERE else tree.text(name))
    os.makedirs(os.path.join(folder, "overlay", "weft"))
    os.symlink("../../runtime", os.path.join(folder, "overlay", "weft", "rt"))


def compile_in(folder, name):
    """(object or None, what the compiler says). Run in the folder, so that no path differs."""
    obj = name.replace("/", "_") + ".o"
    ran = subprocess.run(
        ["g++", *FLAGS, "-o", obj, name], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    if ran.returncode != 0:
        return None, ran.stdout
    with open(os.path.join(folder, obj), "rb") as stream:
        return stream.read(), ""


def check(tree):
    problems = []
    for name in tree.select([".h", ".cc"], FOLDERS):
        if name == HERE:
            continue
        for number, line in enumerate(blank(tree.text(name)).split("\n"), 1):
            if POINT.search(line) and not STATEMENT.fullmatch(line):
                problems.append("%s:%d: a point is a statement on one line, so that it can be taken out" % (name, number))
    with tempfile.TemporaryDirectory() as scratch:
        as_is, without = os.path.join(scratch, "as_is"), os.path.join(scratch, "without")
        copy(tree, as_is, lambda text: text)
        copy(tree, without, without_points)

        def compare(name):
            (one, says), (other, says_other) = compile_in(as_is, name), compile_in(without, name)
            if one is None or other is None:
                return "%s:1: does not compile %s\n%s" % (
                    name, "as it is" if one is None else "without the points of chaos", says or says_other)
            if one != other:
                return "%s:1: the points of chaos leave something in a release build: its object differs" % name
            return None

        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            results = pool.map(compare, [name for name in COMPILED if tree.text(name) is not None])
            return problems + [problem for problem in results if problem]
