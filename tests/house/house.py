#!/usr/bin/python3 -B
"""The house lints. Bazel runs `house.py <lint>` on the tree and `house.py <lint> --fixture` on a bad example.

A lint is a module with check(tree) -> problems, each "file:line: what is wrong, and what would be right". Its
fixture (fixtures/<lint>.fixture) is a small bad tree in one file, followed by what must be reported: a lint that
cannot fail is worth nothing. The extension keeps the other lints out.

    === runtime/base/x.h
    text of that file
    === expect
    runtime/base/x.h:1: part of the message
"""

import importlib
import os
import sys
import tempfile

from source import Tree


def workspace():
    # Bazel gives the test a link to this file of the tree; the tests are tagged `local`, so the tree is there.
    root = os.path.dirname(os.path.realpath("MODULE.bazel"))
    if not os.path.exists(os.path.join(root, "WORKSPACE")):
        sys.exit("house.py: no source tree at %s (run it from the top of the tree, or through Bazel)" % root)
    return root


def unpack(fixture, folder):
    """Writes the files of a fixture below `folder`; returns the lines to expect."""
    parts = {}
    for line in fixture.splitlines(keepends=True):
        if line.startswith("=== "):
            lines = parts.setdefault(line[4:].strip(), [])
        else:
            lines.append(line)
    expected = [line.strip() for line in parts.pop("expect") if line.strip()]
    for name, lines in parts.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(lines)
    return expected


def check_fixture(lint, name):
    """Problems with the lint itself: what it did not report, and what it reported without cause."""
    here = os.path.dirname(os.path.realpath(__file__))
    with open(os.path.join(here, "fixtures", name + ".fixture"), encoding="utf-8") as stream:
        fixture = stream.read()
    with tempfile.TemporaryDirectory() as folder:
        expected = unpack(fixture, folder)
        found = lint.check(Tree(folder))
    wrong = []
    for line in expected:
        match = next((f for f in found if line in f), None)
        if match is None:
            wrong.append("not reported: " + line)
        else:
            found.remove(match)
    return wrong + ["reported without cause: " + f for f in found], len(expected)


def main(argv):
    name = argv[1]
    lint = importlib.import_module(name)
    if "--fixture" in argv[2:]:
        problems, count = check_fixture(lint, name)
        good = "%s: reports all %d bad cases of its fixture" % (name, count)
    else:
        tree = Tree(workspace())
        problems = lint.check(tree)
        good = "%s: nothing to report in %d files" % (name, len(tree.files))
    for problem in problems:
        print(problem)
    print("%s: %d problem%s" % (name, len(problems), "s"[len(problems) == 1:]) if problems else good)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
