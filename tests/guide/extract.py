#!/usr/bin/python3 -B
"""Takes the C++ blocks out of a page, one file a program, so that Bazel can compile and run what readers copy.

    extract.py PAGE NAME FOLDER PROGRAMS REFUSED

writes FOLDER/NAME_1.cc and so on, FOLDER/NAME_refused_1.cc and so on, and FOLDER/NAME.json: what each is to do.

The convention: a block with `int main` is a program. Blocks without one are pieces of the next program on the page.

    ```cpp               runs, ends with 0, and prints nothing on standard error
    ```cpp aborts        does not end with 0
    ```cpp wont_compile  is refused by the compiler (needs no main)

and the blocks that stand directly below it say what it prints:

    ```text              exactly this; below `aborts` and `wont_compile`: messages, as for stderr
    ```text stderr       each line is part of a line of standard error; `...` stands for anything
    ```text sample       not compared

A number of programs that differs from the BUILD file's, a tag that is not known, and a piece that belongs to no
program end the build: no block of C++ is left out.
"""

import json
import os
import re
import sys

FENCE = re.compile(r"^(\s*)(```+|~~~+)\s*(.*?)\s*$")
OTHER_LANGUAGES = {"sh", "console", "python", "starlark", "cmake", "json"}
PROGRAMS = {"cpp": "runs", "cpp aborts": "aborts", "cpp wont_compile": "refused"}
OUTPUTS = {"text": "output", "text stderr": "stderr", "text sample": "sample"}
MAIN = re.compile(r"^\s*int\s+main\s*\(", re.M)
LOOKS_LIKE_CPP = re.compile(r"\bco_await\b|\bco_return\b|#include|\bweft::\w+\s*[<({]")


# GCC takes lines of another file than the one it was given for a header's, where this warning makes sense.
PROLOGUE = """#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif
"""

# ThreadSanitizer sees nothing of what oneTBB, which is not built for it, orders, and calls it a race.
OPAQUE = """#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "report_bugs=0"; }
#endif
#endif
"""


class Wrong(Exception):
    def __init__(self, line, text):
        super().__init__()
        self.line, self.text = line, text


class Block:
    def __init__(self, tag, line, is_directly_below):
        self.tag, self.line, self.is_directly_below = tag, line, is_directly_below
        self.lines = []

    def text(self):
        return "".join(each + "\n" for each in self.lines)


def blocks_of(page):
    """The fenced blocks; `line` is that of a block's first line of content."""
    found, inside, closing = [], None, ""
    is_directly_below = False  # Nothing but empty lines since the last block.
    for number, line in enumerate(page.split("\n"), 1):
        fence = FENCE.match(line)
        if inside is None:
            if fence:
                if fence.group(1):
                    raise Wrong(number, "an indented block: begin it at the margin")
                inside = Block(fence.group(3), number + 1, is_directly_below)
                closing = fence.group(2)
            elif line.strip():
                is_directly_below = False
        elif line.rstrip() == closing:
            found.append(inside)
            inside, is_directly_below = None, True
        else:
            inside.lines.append(line)
    if inside is not None:
        raise Wrong(inside.line - 1, "a block that is never closed")
    return found


class Program:
    def __init__(self, kind, parts):
        self.kind, self.parts = kind, parts
        self.expected = {}

    def source(self, name):
        parts = ['#line %d "%s"\n%s' % (part.line, name, part.text()) for part in self.parts]
        is_opaque = any("#include <tbb/" in part for part in parts)
        return PROLOGUE + "".join(parts) + (OPAQUE if is_opaque else "")


def programs_of(page):
    programs, pieces, above = [], [], None
    for block in blocks_of(page):
        if block.tag in PROGRAMS:
            pieces.append(block)
            above = None
            if PROGRAMS[block.tag] == "refused" or MAIN.search(block.text()):
                above = Program(PROGRAMS[block.tag], pieces)
                programs.append(above)
                pieces = []
            elif block.tag != "cpp":
                raise Wrong(block.line - 1, "`%s` without `int main`" % block.tag)
        elif block.tag in OUTPUTS:
            if above is not None and block.is_directly_below:
                above.expected[OUTPUTS[block.tag]] = block.text()
            else:
                above = None
                if block.tag == "text stderr":
                    raise Wrong(block.line - 1, "`text stderr` does not stand directly below a program")
        elif block.tag in OTHER_LANGUAGES or block.tag == "":
            if LOOKS_LIKE_CPP.search(block.text()):
                raise Wrong(block.line - 1, "C++ in a block that is not tagged `cpp`: nobody compiles it")
            if above is not None and block.is_directly_below and block.tag == "":
                raise Wrong(block.line - 1, "below a program: tag it `text`, `text stderr` or `text sample`")
            above = None
        else:
            raise Wrong(block.line - 1, "a block tagged `%s`, which is not known" % block.tag)
    if pieces:
        raise Wrong(pieces[0].line - 1, "a piece of a program, and no program follows")
    for program in programs:
        if program.kind != "runs" and not program.expected.get("output", "").strip():
            raise Wrong(program.parts[-1].line - 1, "what must it say? A `text` block directly below it says so")
    return programs


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def main(page_path, name, folder, *counts):
    with open(page_path, encoding="utf-8") as stream:
        page = stream.read()
    try:
        programs = programs_of(page)
    except Wrong as wrong:
        sys.exit("%s:%d: %s" % (page_path, wrong.line, wrong.text))
    found = [sum(each.kind != "refused" for each in programs), sum(each.kind == "refused" for each in programs)]
    if found != [int(count) for count in counts]:
        sys.exit("%s: programs = %d, refused = %d; the BUILD file says %s and %s" % (page_path, *found, *counts))
    checks, numbers = {}, {"": 0, "refused_": 0}
    for program in programs:
        group = "refused_" if program.kind == "refused" else ""
        numbers[group] += 1
        stem = "%s_%s%d" % (name, group, numbers[group])
        write(os.path.join(folder, stem + ".cc"), program.source(page_path))
        place = "%s:%d" % (page_path, program.parts[-1].line)
        checks[stem] = {"kind": program.kind, "place": place, "expected": program.expected}
    write(os.path.join(folder, name + ".json"), json.dumps(checks, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
