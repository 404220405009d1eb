#!/usr/bin/python3 -B
"""Copies sources for model builds, with errors planted in them that can be switched on, one at a time.

    plant.py --out FOLDER --list HEADER --mutants A.mutants B.mutants ... --sources FILE ...

A list of mutants (docs/model_checking.md) names a file, and a piece of it with marks:

    mutant pop_is_not_ordered in runtime/work/fork_queue.h
        bottom_->store(bottom, {{std::memory_order_seq_cst => std::memory_order_release}});

    mutant sleeps_without_a_last_look in runtime/scheduler/worker.cc
        {%if (is_any_left) return; => %}

    watch in runtime/work/job.h
        {{run_fn run => ::weft::model::plain<run_fn> run}} = nullptr;

{{a => b}} are expressions, {%a => b%} statements; a mutant's b takes the place of a while it is switched on, a
watch's b always. White space does not count, nor do the points of runtime/base/chaos.h, which are nothing in a model
build. What stands in a list must be found exactly once, or the build fails.
"""

import argparse
import os
import re
import sys

MARK = re.compile(r"\{\{(?P<e1>.*?)=>(?P<e2>.*?)\}\}|\{%(?P<s1>.*?)=>(?P<s2>.*?)%\}", re.S)
CHAOS = re.compile(r"^[ \t]*(?:if \([^\n]*WEFT_CHAOS\(\w+\)\) [^\n]*;|WEFT_CHAOS\(\w+\);)[ \t]*$", re.M)
HEAD = re.compile(r"(?:mutant\s+(\w+)|(watch))\s+in\s+(\S+)\s*")


class Change:
    """One mark: the range of the original that it replaces, and what by."""

    def __init__(self, start, end, number, is_statement, new):
        self.start, self.end, self.number, self.is_statement = start, end, number, is_statement
        self.new = " ".join(new.split())

    def apply(self, old):
        if self.number == 0:
            return self.new + "\n" * old.count("\n")
        on = "::weft::model::is_planted(%d)" % self.number
        if self.is_statement:
            return "if (%s) { %s } else { %s }" % (on, self.new, old)
        return "(%s ? (%s) : (%s))" % (on, self.new, old)


def entries(path):
    """(line number, name or None for a watch, file, pattern) of each entry of a list."""
    current = None
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip() or line.startswith("#"):
                continue
            head = HEAD.fullmatch(line)
            if head:
                if current:
                    yield current
                current = (number, head.group(1), head.group(3), "")
            elif line[0].isspace() and current:
                current = current[:3] + (current[3] + line,)
            else:
                sys.exit("%s:%d: neither a mutant's head nor indented" % (path, number))
    if current:
        yield current


def spaced(text):
    return r"\s*".join(re.escape(c) for c in text if not c.isspace())


def locate(pattern, text, where):
    """The ranges of the pattern's marks in the text: (start, end, is_statement, new)."""
    parts, news, at = [], [], 0
    for mark in MARK.finditer(pattern):
        old, new = (mark.group("e1"), mark.group("e2")) if mark.group("e1") is not None else mark.group("s1", "s2")
        parts += [spaced(pattern[at:mark.start()]), "(" + spaced(old) + ")"]
        news.append((mark.group("s1") is not None, new))
        at = mark.end()
    parts.append(spaced(pattern[at:]))
    if not news:
        sys.exit("%s: nothing is marked" % where)
    found = list(re.finditer(r"\s*".join(p for p in parts if p), text))
    if len(found) != 1:
        sys.exit("%s: found %d times, not once: has the source changed?" % (where, len(found)))
    return [found[0].span(i + 1) + new for i, new in enumerate(news)]


def render(text, start, end, changes):
    """text[start:end] with the changes, which are nested or apart, outermost first."""
    out = []
    while changes:
        outer, *rest = changes
        inner = [c for c in rest if c.end <= outer.end]
        changes = rest[len(inner):]
        if any(c.start < outer.end for c in changes):
            sys.exit("two mutants overlap at offset %d" % outer.end)
        out += [text[start:outer.start], outer.apply(render(text, outer.start, outer.end, inner))]
        start = outer.end
    return "".join(out) + text[start:end]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--list", required=True)
    parser.add_argument("--mutants", nargs="*", default=[])
    parser.add_argument("--sources", nargs="+", required=True)
    given = parser.parse_args()

    texts = {}
    for name in given.sources:
        with open(name, encoding="utf-8") as stream:
            texts[name] = CHAOS.sub("", stream.read())
    changes = {name: [] for name in texts}
    mutants = []
    for path in given.mutants:
        model = os.path.basename(path)[:-len(".mutants")]
        for line, name, file, pattern in entries(path):
            where = "%s:%d" % (path, line)
            if file not in texts:
                sys.exit("%s: %s is not among the sources" % (where, file))
            if name:
                mutants.append((model, name))
            for start, end, is_statement, new in locate(pattern, texts[file], where):
                changes[file].append(Change(start, end, len(mutants) if name else 0, is_statement, new))
    for name, text in texts.items():
        if changes[name]:
            ordered = sorted(changes[name], key=lambda c: (c.start, -c.end))
            text = render(text, 0, len(text), ordered)
            text = '#include "weft/model/plain.h"\n#include "weft/model/planted.h"\n' + '#line 1 "%s"\n' % name + text
        path = os.path.join(given.out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    with open(given.list, "w", encoding="utf-8") as out:
        for number, (model, name) in enumerate(mutants, 1):
            out.write('{%d, "%s", "%s"},\n' % (number, model, name))


if __name__ == "__main__":
    main()
