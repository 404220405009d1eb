"""docs/memory_order.md names every shared atomic of runtime/ and api/, and no other.

A row of its tables begins with the file and the name: | `runtime/work/idle.h` `word_` | …
"""

import re

from source import blank, line_of

PAGE = "docs/memory_order.md"
# A variable or member: atomic<…>, padded<atomic<…>>, std::array<atomic<…>, n>, atomic<…>*; not a parameter or an alias.
DECLARED = re.compile(
    r"\b(?:rt\s*::\s*)?atomic\s*<[^;{}()]*?>\s*(?:>|,\s*\w+\s*>)?\s*\*?\s*(\w+)\s*(?=[;{]|=(?!=))"
)
ROW = re.compile(r"^\|\s*`([^`]+)`\s+`([^`]+)`\s*\|", re.M)
# The seam itself.
SKIPPED = {"runtime/base/atomic.h"}


def check(tree):
    declared = {}
    for name in tree.select([".h", ".cc"], ["runtime/", "api/"]):
        if name in SKIPPED:
            continue
        code = blank(tree.text(name))
        for match in DECLARED.finditer(code):
            declared.setdefault((name, match.group(1)), line_of(code, match.start()))
    problems = []
    page = tree.text(PAGE) or ""
    named = {}
    for match in ROW.finditer(page):
        key = (match.group(1), match.group(2))
        where = line_of(page, match.start())
        if key in named:
            problems.append("%s:%d: `%s` `%s` has a row already, in line %d" % ((PAGE, where) + key + (named[key],)))
        elif key not in declared:
            problems.append("%s:%d: `%s` declares no atomic `%s`: mend the row, or take it out" % ((PAGE, where) + key))
        named.setdefault(key, where)
    for (name, word), line in sorted(declared.items()):
        if (name, word) not in named:
            problems.append(
                "%s:%d: atomic `%s` has no row in %s: say who writes and reads it, what pairs, and which model covers it"
                % (name, line, word, PAGE)
            )
    return problems
