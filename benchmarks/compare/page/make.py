#!/usr/bin/python3 -B
"""Writes one self-contained HTML page with plots of a comparison: it can be read from a disk, without a network.

    make.py RESULTS.json META.json OUT.html [--library chart.min.js]

report.py, one folder up, writes the two inputs and calls this. The plots are drawn by Chart.js, which is copied into
the page (decision 0025). The table of all rows is written here and not by a script, so it is there without JavaScript too.
"""

import argparse
import html
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = pathlib.Path("/usr/share/javascript/chart.js/chart.min.js")
STYLES = ["page.css"]
SCRIPTS = ["figures.js", "rivals.js", "plots.js", "page.js"]

TEXTS = ["problem", "rival", "compiler"]
COUNTS = ["threads"]
NUMBERS = ["median_seconds"]
OPTIONAL = ["rounds", "min_seconds", "max_seconds", "peak_rss_bytes", "items", "ratio_to_serial", "ratio_to_onetbb",
            "ratio_to_onetbb_shared", "bytes_each", "seconds_to_start", "seconds_to_wake"]
PERCENTILES = ["p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns"]

# Heading, key, and how a cell is written for people; the number itself stands in data-value, for sorting.
COLUMNS = [
    ("problem", "problem", "text"),
    ("rival", "rival", "text"),
    ("compiler", "compiler", "text"),
    ("threads", "threads", "count"),
    ("rounds", "rounds", "count"),
    ("median", "median_seconds", "seconds"),
    ("min", "min_seconds", "seconds"),
    ("max", "max_seconds", "seconds"),
    ("per item", "per_item", "seconds"),
    ("/ serial", "ratio_to_serial", "ratio"),
    ("/ onetbb", "ratio_to_onetbb", "ratio"),
    ("/ onetbb_shared", "ratio_to_onetbb_shared", "ratio"),
    ("peak memory", "peak_rss_bytes", "bytes"),
    ("p50", "p50_ns", "ns"),
    ("p90", "p90_ns", "ns"),
    ("p99", "p99_ns", "ns"),
    ("p99.9", "p999_ns", "ns"),
    ("worst", "max_ns", "ns"),
    ("bytes each", "bytes_each", "count"),
    ("to start", "seconds_to_start", "seconds"),
    ("to wake", "seconds_to_wake", "seconds"),
]


class bad_input(Exception):
    """A sentence for the person who called us."""


def read_json(name):
    try:
        return json.loads(pathlib.Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise bad_input("%s: %s" % (name, error))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


def checked_results(name):
    rows = read_json(name)
    if not isinstance(rows, list) or not rows:
        raise bad_input("%s: a list of results is wanted, with one at least" % name)
    seen = set()
    for at, row in enumerate(rows):
        where = "%s: result %d" % (name, at)
        if not isinstance(row, dict):
            raise bad_input("%s is no object" % where)
        for key in TEXTS:
            if not isinstance(row.get(key), str) or not row[key]:
                raise bad_input("%s: %r must be a text" % (where, key))
        for key in COUNTS + NUMBERS:
            if not is_number(row.get(key)) or row[key] <= 0:
                raise bad_input("%s: %r must be a number above zero" % (where, key))
        for key in OPTIONAL + PERCENTILES:
            if row.get(key) is not None and not is_number(row[key]):
                raise bad_input("%s: %r must be a number, or missing" % (where, key))
        which = tuple(row[key] for key in TEXTS + COUNTS)
        if which in seen:
            raise bad_input("%s: a second result of %s with %s, %s, %d threads" % ((where,) + which))
        seen.add(which)
    return rows


def three_digits(value):
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return "%.*f" % (digits, value)


def for_people(value, kind):
    if value is None:
        return "–"
    if kind == "text":
        return value
    if kind == "count":
        return "%.0f" % value
    if kind == "ratio":
        return three_digits(value)
    if kind == "bytes":
        return three_digits(value / 2**20) + " MiB"
    seconds = value / 1e9 if kind == "ns" else value
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return three_digits(seconds / size) + " " + unit
    return three_digits(seconds * 1e9) + " ns"


def table(rows):
    columns = [column for column in COLUMNS if column[1] in TEXTS + ["per_item"] or any(
        row.get(column[1]) is not None for row in rows)]
    columns = [column for column in columns if column[1] != "per_item" or any(
        (row.get("items") or 0) > 1 for row in rows)]
    lines = ["<thead><tr>"]
    for heading, key, kind in columns:
        lines.append('<th scope="col" aria-sort="none"%s><button type="button">%s</button></th>' % (
            "" if kind == "text" else ' class="number"', html.escape(heading)))
    lines.append("</tr></thead>\n<tbody>")
    for row in rows:
        cells = dict(row, per_item=row["median_seconds"] / row["items"] if (row.get("items") or 0) > 1 else None)
        lines.append('<tr data-rival="%s">' % html.escape(row["rival"]))
        for heading, key, kind in columns:
            value = cells.get(key)
            text = for_people(value, kind)
            if key == "per_item" and value is not None and row.get("unit"):
                text += " / " + row["unit"]
            lines.append('<td%s data-value="%s">%s</td>' % (
                "" if kind == "text" else ' class="number"',
                html.escape("" if value is None else str(value)), html.escape(text)))
        lines.append("</tr>\n")
    lines.append("</tbody>")
    return "".join(lines)


def about(meta):
    def terms(pairs):
        return "<dl>%s</dl>" % "".join(
            "<dt>%s</dt><dd>%s</dd>" % (html.escape(str(name)), html.escape(as_text(text))) for name, text in pairs)

    parts = ["<h3>Machine</h3>", terms([
        ("processor", meta.get("cpu", "not recorded")), ("cores", meta.get("cores", "not recorded")),
        ("measured", meta.get("date", "not recorded")), ("rounds", meta.get("rounds", "not recorded")),
        ("sizes", meta.get("sizes", "not recorded")),
        *([("took", "%d minutes %02d seconds" % divmod(round(meta["took_seconds"]), 60))]
          if is_number(meta.get("took_seconds")) else [])])]
    if meta.get("flags"):
        flags = meta["flags"]
        parts += ["<h3>Compiled with</h3>", terms(flags.items() if isinstance(flags, dict) else [("flags", flags)])]
    if meta.get("versions"):
        parts += ["<h3>Versions</h3>", terms(sorted(meta["versions"].items()))]
    return "<div>%s</div>" % "</div><div>".join("".join(parts[at:at + 2]) for at in range(0, len(parts), 2))


def as_text(value):
    if isinstance(value, list):
        return " ".join(as_text(each) for each in value)
    if isinstance(value, dict):
        return ", ".join("%s %s" % (key, as_text(each)) for key, each in value.items())
    return str(value)


def warnings(meta):
    texts = []
    if str(meta.get("sizes", "")).startswith("tiny"):
        texts.append("Small sizes, for a test of the programs: these times mean nothing.")
    if meta.get("interrupted"):
        texts.append("The run was interrupted %s: some rows have fewer rounds, others are missing." % meta["interrupted"])
    return "".join('<p class="note warning">%s</p>\n' % html.escape(text) for text in texts)


def inlined(name):
    # A script ends at the first "</script", even inside a string.
    return pathlib.Path(name).read_text(encoding="utf-8").replace("</script", "<\\/script")


def page(rows, meta, library):
    if not library.exists():
        raise bad_input("%s is missing: apt-get install libjs-chart.js (or name a Chart.js 3.9 by --library)" % library)
    machine = " · ".join(str(meta[key]) + (" cores" if key == "cores" else "") for key in ("cpu", "cores", "date")
                         if meta.get(key) not in (None, ""))
    parts = {
        "STYLE": "\n".join((HERE / name).read_text(encoding="utf-8") for name in STYLES),
        "MACHINE": html.escape(machine),
        "WARNING": warnings(meta),
        "TABLE": table(rows),
        "ABOUT": about(meta),
        # "<" would let a text end the element that holds it.
        "RESULTS": json.dumps(rows).replace("<", "\\u003c"),
        "LIBRARY": inlined(library),
        "SCRIPT": "\n".join(inlined(HERE / name) for name in SCRIPTS),
    }
    text = (HERE / "page.html").read_text(encoding="utf-8")
    # Cut first: what is put in may itself hold something like a place.
    pieces = text.split("{{")
    return pieces[0] + "".join(parts[name] + rest for name, rest in (each.split("}}", 1) for each in pieces[1:]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("results")
    arguments.add_argument("meta")
    arguments.add_argument("out")
    arguments.add_argument("--library", default=LIBRARY, type=pathlib.Path, help="Chart.js, default: %(default)s")
    given = arguments.parse_args()
    try:
        rows = checked_results(given.results)
        meta = read_json(given.meta)
        if not isinstance(meta, dict):
            raise bad_input("%s: an object is wanted" % given.meta)
        text = page(rows, meta, given.library)
        pathlib.Path(given.out).write_text(text, encoding="utf-8")
    except (bad_input, OSError) as error:
        print("make.py: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
