"""Atomics: every use names its order, through rt::atomic, without fences.

A member function called load(), store() and so on that is not an atomic's is marked on its line with
`// not an atomic`.
"""

import re

from source import blank, line_of

CALL = re.compile(
    r"(?:\.|->)\s*(load|store|exchange|fetch_\w+|compare_exchange_(?:weak|strong)|test_and_set)\s*(?:<[^()<>]*>\s*)?\("
)
STD_ATOMIC = re.compile(r"\bstd\s*::\s*atomic\w*")
FENCE = re.compile(r"\batomic_(?:thread|signal)_fence\b")
# The one file that wraps std::atomic.
SEAM = "runtime/base/atomic.h"


def arguments(code, start):
    """What stands between the "(" that ends at `start` and its ")"."""
    depth = 1
    for at in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return code[start:at]
    return code[start:]


def check(tree):
    problems = []

    def report(name, code, match, what):
        problems.append("%s:%d: %s" % (name, line_of(code, match.start()), what))

    for name in tree.select([".h", ".cc"], ["runtime/", "api/"]):
        text = tree.text(name)
        code = blank(text)
        marked = {n for n, line in enumerate(text.splitlines(), 1) if "// not an atomic" in line}
        for match in FENCE.finditer(code):
            report(name, code, match, "%s: ThreadSanitizer cannot see it; put the order on the operation" % match.group())
        if name == SEAM:
            continue
        for match in STD_ATOMIC.finditer(code):
            if not FENCE.search(match.group()):
                report(name, code, match, "%s: use rt::atomic (%s), which the model checker can replace" % (match.group(), SEAM))
        for match in CALL.finditer(code):
            if "memory_order" not in arguments(code, match.end()) and line_of(code, match.start(1)) not in marked:
                report(name, code, match, "%s() without a std::memory_order: name it, and its pair" % match.group(1))
    return problems
