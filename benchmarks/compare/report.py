"""From measurements to results: medians and spread, a table, results.json, results.csv and a page."""

import csv
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

from rich.console import Console
from rich.table import Table

BASE = "serial"
# oneTBB in both of its forms: a task_group with a context of its own, which is its default, and all in one.
PEERS = ["onetbb", "onetbb_shared"]
FIELDS = ["problem", "rival", "compiler", "threads", "rounds", "median_seconds", "min_seconds", "max_seconds",
          "seconds_per_item", "items", "peak_rss_bytes", "ratio_to_serial", "ratio_to_onetbb",
          "ratio_to_onetbb_shared", "interrupted", "checksum"]


def results(measured, is_interrupted=False):
    """One object for each cell that was measured, in the order of the plan. All of an interrupted run are marked: some
    have fewer rounds than others, and those that are missing were not slow, only late."""
    rows = []
    for one, lines in measured.items():
        if not lines:
            continue
        seconds = [line["seconds"] for line in lines]
        row = {
            "problem": one.problem,
            "rival": one.program.rival,
            "compiler": one.program.compiler,
            "threads": one.threads,
            "rounds": len(lines),
            "median_seconds": statistics.median(seconds),
            "min_seconds": min(seconds),
            "max_seconds": max(seconds),
            "items": lines[0]["items"],
            "seconds_per_item": statistics.median(seconds) / lines[0]["items"],
            "peak_rss_bytes": max(line["peak_rss_bytes"] for line in lines),
            "interrupted": is_interrupted,
        }
        if "checksum" in lines[0]:
            row["checksum"] = lines[0]["checksum"]
        for name in lines[0].get("figures", {}):
            row[name] = statistics.median(line["figures"][name] for line in lines)
        rows.append(row)
    add_ratios(rows)
    return rows


def add_ratios(rows):
    """Times divided by those of serial and of oneTBB: of the same compiler and threads; for what no compiler of ours has
    built, of the first compiler that there is."""
    for base in [BASE, *PEERS]:
        of = {}
        for row in rows:
            if row["rival"] == base:
                of.setdefault((row["problem"], row["threads"], row["compiler"]), row["median_seconds"])
                of.setdefault((row["problem"], row["threads"], None), row["median_seconds"])
        for row in rows:
            key = (row["problem"], row["threads"])
            divisor = of.get(key + (row["compiler"],), of.get(key + (None,)))
            if divisor:
                row["ratio_to_" + base] = row["median_seconds"] / divisor


def time_text(seconds):
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return "%.3g %s" % (seconds / size, unit)
    return "%.3g ns" % (seconds * 1e9)


def bytes_text(count):
    return "%.3g MiB" % (count / 2**20) if count < 2**30 else "%.3g GiB" % (count / 2**30)


def extras_text(row):
    texts = [name[:-3].replace("p999", "p99.9") + " " + time_text(row[name] * 1e-9)
             for name in ("p50_ns", "p99_ns", "p999_ns") if name in row]
    if "bytes_each" in row:
        texts.append("%.0f bytes each" % row["bytes_each"])
    texts += ["%s to %s" % (time_text(row["seconds_to_" + what]), what)
              for what in ("start", "wake") if "seconds_to_" + what in row]
    return ", ".join(texts)


def ratio_text(row, base):
    ratio = row.get("ratio_to_" + base)
    return "" if ratio is None else "%.2f" % ratio


def show(rows, found):
    console = Console() if sys.stdout.isatty() else Console(width=150)
    table = Table(title="median of the rounds; ratios of times, smaller is better", pad_edge=False)
    for name in ("problem", "rival", "compiler"):
        table.add_column(name)
    for name in ("threads", "median", "spread", "an item", "peak", *("/ " + base.replace("_", "\n_") for base in [BASE, *PEERS])):
        table.add_column(name, justify="right")
    table.add_column("beside")
    last = None
    for row in rows:
        if last not in (None, (row["problem"], row["threads"])):
            table.add_section()
        last = (row["problem"], row["threads"])
        spread = (row["max_seconds"] - row["min_seconds"]) / row["median_seconds"] if row["median_seconds"] else 0
        table.add_row(
            row["problem"], row["rival"], row["compiler"], str(row["threads"]), time_text(row["median_seconds"]),
            "%.0f %%" % (100 * spread), time_text(row["seconds_per_item"]) if row["items"] > 1 else "",
            bytes_text(row["peak_rss_bytes"]), *(ratio_text(row, base) for base in [BASE, *PEERS]), extras_text(row))
    console.print(table)
    for rival, version in versions_of(found).items():
        console.print("%s: %s" % (rival, version), highlight=False)
    for compiler, flags in flags_of(found).items():
        console.print("%s: %s" % (compiler, flags), highlight=False)


def versions_of(found):
    said = {}
    for one in found:
        names = ["%s %s" % pair for pair in one.versions.items() if pair[0] != "compiler"]
        said.setdefault(one.rival, []).append(", ".join(names + [one.versions["compiler"]]))
    return {rival: "; ".join(dict.fromkeys(texts)) for rival, texts in said.items()}


def flags_of(found):
    """By compiler; where a rival needs others (OpenMP), it stands by itself."""
    common = {}
    for one in found:
        common.setdefault(one.compiler, []).append(one.flags)
    said = {compiler: max(flags, key=flags.count) for compiler, flags in common.items()}
    for one in found:
        if one.flags != said[one.compiler]:
            said["%s, %s" % (one.compiler, one.rival)] = one.flags
    return dict(sorted(said.items()))


def cpu_name():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def meta(found, chosen, ran):
    about = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "versions": versions_of(found),
        # As the compilers recorded them in the programs.
        "flags": flags_of(found),
        "rounds": chosen.rounds,
        "took_seconds": round(ran.seconds, 1),
        "sizes": "tiny: the times mean nothing" if chosen.tiny else "full",
    }
    if ran.is_interrupted:
        about["interrupted"] = "after %d of %d measurements" % (ran.done, ran.wanted)
    return about


def write(rows, about, folder, say):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (folder / "meta.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    fields = FIELDS + sorted({name for row in rows for name in row} - set(FIELDS))
    with open(folder / "results.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)
    page = folder / "index.html"
    made = subprocess.run(
        [str(pathlib.Path(__file__).resolve().parent / "page" / "make.py"), str(folder / "results.json"),
         str(folder / "meta.json"), str(page)], check=False)
    say("written: %s" % folder if made.returncode == 0 else "written, but for the page: %s" % folder)
