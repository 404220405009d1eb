#!/usr/bin/python3
"""Merges gcov JSON (GCC 9+) and lcov files into one lcov file, for `bazel coverage`."""

import collections
import gzip
import json
import os
import re
import sys


def main(argv):
    opts = collections.defaultdict(list)
    for arg in argv:
        key, _, value = arg.lstrip("-").partition("=")
        opts[key].append(value)
    output = opts["output_file"][-1]
    drop = [re.compile(p) for p in opts["filter_sources"]]
    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    functions = collections.defaultdict(lambda: collections.defaultdict(int))
    starts = collections.defaultdict(dict)

    def read_lcov(stream):
        name = None
        for text in stream:
            kind, _, rest = text.strip().partition(":")
            if kind == "SF":
                name = rest
            elif kind == "DA":
                number, count = rest.split(",")[:2]
                lines[name][int(number)] += int(count)
            elif kind == "FN":
                number, fn = rest.split(",", 1)
                starts[name][fn] = int(number)
            elif kind == "FNDA":
                count, fn = rest.split(",", 1)
                functions[name][fn] += int(count)

    def read_gcov(stream):
        for entry in json.load(stream)["files"]:
            name = entry["file"]
            for line in entry["lines"]:
                lines[name][line["line_number"]] += line["count"]
            for fn in entry["functions"]:
                starts[name][fn["name"]] = fn["start_line"]
                functions[name][fn["name"]] += fn["execution_count"]

    for folder in opts["coverage_dir"]:
        for where, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(where, name)
                if name.endswith(".gcov.json.gz"):
                    with gzip.open(path, "rt") as stream:
                        read_gcov(stream)
                elif name.endswith(".dat") and os.path.abspath(path) != os.path.abspath(output):
                    with open(path) as stream:
                        read_lcov(stream)
    for listing in opts["reports_file"]:
        with open(listing) as stream:
            for path in filter(None, map(str.strip, stream)):
                with open(path) as report:
                    read_lcov(report)

    with open(output, "w") as out:
        for name in sorted(lines):
            if os.path.isabs(name) or any(p.fullmatch(name) for p in drop):
                continue
            out.write("SF:%s\n" % name)
            for fn, number in sorted(starts[name].items()):
                out.write("FN:%d,%s\n" % (number, fn))
            for fn, count in sorted(functions[name].items()):
                out.write("FNDA:%d,%s\n" % (count, fn))
            out.write("FNF:%d\nFNH:%d\n" % (len(functions[name]), sum(1 for c in functions[name].values() if c)))
            for number, count in sorted(lines[name].items()):
                out.write("DA:%d,%d\n" % (number, count))
            out.write("LF:%d\nLH:%d\nend_of_record\n" % (len(lines[name]), sum(1 for c in lines[name].values() if c)))


if __name__ == "__main__":
    main(sys.argv[1:])
