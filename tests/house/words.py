"""Words that must not be there: sleeps in tests, and notes to oneself."""

import re

from source import blank, line_of

# Written in pieces, so that this file does not report itself.
NOTE = re.compile(r"\b(?:%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]))
SLEEP = re.compile(r"\bthis_thread\s*::\s*sleep\w*|(?<![\w.>])(?:u|nano|clock_nano)sleep\s*\(|(?<!\w)::\s*sleep\s*\(")
# The licence is not ours to reword.
FREE = {"LICENSE"}


def check(tree):
    problems = []
    for name in tree.files:
        text = tree.text(name)
        if text is None or name in FREE:
            continue
        for match in NOTE.finditer(text):
            problems.append(
                "%s:%d: %s: do it now, or write it where others look (docs, an issue)"
                % (name, line_of(text, match.start()), match.group())
            )
        if name.startswith("tests/") and name.endswith((".h", ".cc")):
            code = blank(text)
            for match in SLEEP.finditer(code):
                problems.append(
                    "%s:%d: %s: tests do not sleep; step the runtime, move the clock, or wait on a condition with a bound"
                    % (name, line_of(code, match.start()), re.sub(r"\s|\($", "", match.group()))
                )
    return problems
