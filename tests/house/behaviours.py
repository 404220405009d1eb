"""docs/behaviours.md names, for each behaviour, the tests that claim it or the decision that replaces them.

An entry is one paragraph that begins with its letter; tests are named with their file, by a link or by the label of
one, and decisions are links:

    **A1** Results stand in argument order. [`suite.name`][when_all_test], [0014](decisions/0014-behaviours.md)

    [when_all_test]: ../tests/api/when_all_test.cc

A test is TEST(suite, name) of a *_test.cc, or a method of a class of a *_test.py. In the section "Not built yet" an entry names what it waits for instead. A letter stands once. In the other direction,
each test whose name begins with letters (`G1_G11_waits…`) is named in the entries of these letters.
"""

import os
import re

from source import blank, line_of

PAGE = "docs/behaviours.md"
NOT_BUILT = "Not built yet"
HEADING = re.compile(r"^##+ +(.*?) *$", re.M)
ENTRY = re.compile(r"^\*\*([A-Z]\d+)\*\*(.*?)(?=^\s*$|^\*\*|^#|\Z)", re.M | re.S)
NAMED = re.compile(r"\[`(\w+)\.(\w+)`\](?:\[(\w+)\]|\(([^()\s]+)\))")
LABEL = re.compile(r"^\[(\w+)\]: +(\S+)$", re.M)
DECISION = re.compile(r"\[\d{4}\]\(([^()\s#]+)[^()\s]*\)")
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.M)
PYTHON = re.compile(r"^class (\w+)|^    def (test_\w+)\(", re.M)
HANDLES = re.compile(r"(?:[A-Z]\d+_)+")


def relative(target):
    """A target of a link in the page, as a path from the top of the tree."""
    return os.path.normpath(os.path.join(os.path.dirname(PAGE), target))


def tests_of(tree):
    """Where each test stands: (file, suite, name) to line."""
    found = {}
    for name in tree.select(["_test.cc"], ["tests/"]):
        code = blank(tree.text(name))
        for match in TEST.finditer(code):
            found[(name, match.group(1), match.group(2))] = line_of(code, match.start())
    for name in tree.select(["_test.py"], ["tests/"]):
        suite = ""
        for match in PYTHON.finditer(tree.text(name)):
            suite = match.group(1) or suite
            if match.group(2):
                found[(name, suite, match.group(2))] = line_of(tree.text(name), match.start())
    return found


def check(tree):
    page = tree.text(PAGE)
    if page is None:
        return ["%s:1: is not there" % PAGE]
    problems = []
    tests = tests_of(tree)
    labels = {match.group(1): match.group(2) for match in LABEL.finditer(page)}
    headings = [(match.start(), match.group(1)) for match in HEADING.finditer(page)]
    claimed = {}  # letter to what its entry names
    for entry in ENTRY.finditer(page):
        letter, text = entry.groups()
        where = "%s:%d: %s" % (PAGE, line_of(page, entry.start()), letter)
        if letter in claimed:
            problems.append("%s has an entry already: one letter, one behaviour" % where)
        named = claimed.setdefault(letter, set())
        for suite, test, label, target in NAMED.findall(text):
            path = labels.get(label) if label else target
            if path is None:
                problems.append("%s: [%s] is no label: say which file it is, at the end of the page" % (where, label))
                continue
            key = (relative(path), suite, test)
            if key not in tests:
                problems.append("%s: %s has no test %s.%s: mend the one or the other" % ((where,) + key))
            named.add(key)
        decisions = [relative(target) for target in DECISION.findall(text)]
        for path in decisions:
            if path not in tree.files:
                problems.append("%s: decision %s is not there" % (where, path))
        section = [title for at, title in headings if at < entry.start()][-1:]
        if not named and not decisions and section != [NOT_BUILT]:
            problems.append('%s: names neither a test nor a decision; what is to come stands in "%s"' % (where, NOT_BUILT))
    for (name, suite, test), line in sorted(tests.items()):
        handles = HANDLES.match(test)
        for letter in handles.group().split("_")[:-1] if handles else []:
            if (name, suite, test) not in claimed.get(letter, ()):
                problems.append("%s:%d: %s.%s is not named under %s in %s" % (name, line, suite, test, letter, PAGE))
    return problems
