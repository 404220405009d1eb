"""No file over 600 lines: a room has one idea, and a file over 400 asks for a cut."""

LIMIT = 600
SOURCES = [".h", ".cc", ".c", ".py", ".bzl", ".sh", ".md", "BUILD", "WORKSPACE", "dev", ".ci/run", ".bazelrc"]
# Grows by its nature.
FREE = {"docs/CHANGELOG.md"}


def check(tree):
    problems = []
    for name in tree.select(SOURCES):
        lines = (tree.text(name) or "").count("\n")
        if lines > LIMIT and name not in FREE:
            problems.append("%s:%d: %d lines; no file has more than %d: cut it in two" % (name, LIMIT + 1, lines, LIMIT))
    return problems
