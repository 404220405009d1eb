"""Documents that point somewhere: relative links in *.md, and the files that docs/architecture.md names.

The map names every source file of runtime/ and api/: below api/weft/ with its folder, in a room by its own name.
"""

import os
import re

from source import line_of

LINK = re.compile(r"\[[^\]\n]*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)
NAMED = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w.{},/-]*[\w}]\.(?:h|cc|md|bzl|py|txt)(?:/\.(?:h|cc))?")
ARCHITECTURE = "docs/architecture.md"


def spread(token):
    """`a/{b,c}.h` and `x.h/.cc` are two files each."""
    brace = re.match(r"(.*)\{([^{}]*)\}(.*)", token)
    if brace:
        before, middle, after = brace.groups()
        return [name for part in middle.split(",") for name in spread(before + part.strip() + after)]
    twin = re.fullmatch(r"(.+)(\.\w+)/(\.\w+)", token)
    return [twin.group(1) + twin.group(2), twin.group(1) + twin.group(3)] if twin else [token]


def named_file_exists(tree, names, name):
    if "/" not in name:
        # In a table of one room the room is left out.
        return name in names
    spellings = [name, "docs/" + name, "runtime/" + name, "api/" + name, "api/weft/" + name]
    if name.startswith("weft/rt/"):
        spellings.append("runtime/" + name[len("weft/rt/"):])
    return any(os.path.exists(tree.path(s)) for s in spellings)


def unnamed_files(tree, named):
    """Files that stand in no row of the map."""
    for path in tree.files:
        if not path.endswith((".h", ".cc")):
            continue
        if path.startswith("api/weft/"):
            spellings = {path, path[len("api/"):], path[len("api/weft/"):]}
        elif path.startswith("runtime/"):
            spellings = {path, path[len("runtime/"):], os.path.basename(path)}
        else:
            continue
        if not spellings & named:
            yield path


def check(tree):
    problems = []
    names = {os.path.basename(f) for f in tree.files}
    for document in tree.select([".md"]):
        text = tree.text(document)
        prose = CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        for match in LINK.finditer(prose):
            target = match.group(1).split("#")[0]
            if not target or re.match(r"[a-z]+:", target):
                continue
            base = "" if target.startswith("/") else os.path.dirname(document)
            if not os.path.exists(tree.path(os.path.join(base, target.lstrip("/")))):
                problems.append("%s:%d: link to %s, which is not there" % (document, line_of(text, match.start()), target))
    if ARCHITECTURE in tree.files:
        text = tree.text(ARCHITECTURE)
        named = set()
        fences = re.sub(r"```.*?```", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
        for match in NAMED.finditer(fences):
            token = match.group(1).strip().strip('"')
            if FILE.fullmatch(token):
                named.update(spread(token))
                for name in spread(token):
                    if not named_file_exists(tree, names, name):
                        problems.append(
                            "%s:%d: names `%s`, which is not in the tree: mend the one or the other"
                            % (ARCHITECTURE, line_of(text, match.start()), name)
                        )
        for path in unnamed_files(tree, named):
            problems.append("%s: %s names it nowhere: give it a row" % (path, ARCHITECTURE))
    return problems
