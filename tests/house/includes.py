"""An include may only go down: every #include against layers.txt."""

import fnmatch
import os
import re

from source import blank, line_of

LAYERS = "tests/house/layers.txt"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.M)


def read_layers():
    """The two tables of layers.txt: rows of (line number, first column, [patterns])."""
    tables = {"folders": [], "system headers": []}
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "layers.txt"), encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            line = line.split("#")[0].rstrip()
            if line.startswith("["):
                table = tables[line.strip("[]")]
            elif line.startswith((" ", "\t")) and line.strip():
                table[-1][2].extend(line.split())
            elif line:
                first, *patterns = line.split()
                table.append((number, first, patterns))
    return tables


def allowed(include, patterns):
    """The last pattern that matches decides; "!" forbids."""
    verdict = False
    for pattern in patterns:
        if fnmatch.fnmatchcase(include, pattern.lstrip("!")):
            verdict = not pattern.startswith("!")
    return verdict


def check(tree):
    tables = read_layers()
    problems = []
    for name in tree.select([".h", ".cc", ".c"]):
        rows = [row for row in tables["folders"] if (name + "/").startswith(row[1] + "/")]
        text = blank(tree.text(name), strings=False)
        for match in INCLUDE.finditer(text):
            quoted, system = match.groups()
            include = quoted or system
            where = "%s:%d: " % (name, line_of(text, match.start(1) if quoted else match.start(2)))
            if include.startswith(("runtime/", "api/")):
                problems.append(
                    where + '"%s": spell it "weft/rt/..." (runtime/) or "weft/..." (api/); a consumer\'s own folder of that '
                    "name would be found first (%s:1)" % (include, LAYERS)
                )
            elif quoted or include.startswith("weft/"):
                if not rows:
                    problems.append(where + "%s has no row for this folder: add one" % LAYERS)
                    continue
                number, folder, patterns = max(rows, key=lambda row: len(row[1]))
                own = os.path.join(os.path.dirname(name), include)
                spelled = "./" + include if os.path.exists(tree.path(own)) else include
                if not allowed(spelled, patterns):
                    problems.append(
                        where + '"%s" may not be included from here; %s:%d allows %s: %s'
                        % (include, LAYERS, number, folder, " ".join(patterns))
                    )
            else:
                for number, headers, places in tables["system headers"]:
                    if any(fnmatch.fnmatchcase(include, h) for h in headers.split(",")) and not allowed(name, places):
                        problems.append(
                            where + "<%s> may not be included from here; %s:%d allows it in: %s"
                            % (include, LAYERS, number, " ".join(places))
                        )
    return problems
