#!/usr/bin/python3
"""Writes compile_commands.json at the top of the tree, for clangd and the like: how Bazel compiles each of our files.

    ./dev compile-commands              (bazel/compile_commands.py [target pattern, default //...])

Bazel is asked, and nothing is built: the commands are made to work from the tree alone, so that they stay good when
Bazel compiles another configuration, or only a part. A header that is new is found at once; run it again for a new
source file. Headers have no entry of their own, clangd takes that of a neighbour.
"""

import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = (".cc", ".cpp", ".c")
# Bazel shows runtime/<room>/x.h as weft/rt/<room>/x.h by links that a build makes, header by header. This one link
# does the same for the whole of runtime/. Below .cache/, which git and Bazel ignore, and where clangd has its index.
OVERLAY = os.path.join(TOP, ".cache", "include")
ROOM_LINKS = re.compile(r"-I.*/bin/runtime/.*_virtual_includes/[^/]+")
# -fno-canonical-system-headers: GCC's own. -Werror: an editor shows a warning as a warning.
DROPPED = {"-fno-canonical-system-headers", "-Werror"}


def bazel(*args):
    ran = subprocess.run(["bazel", *args], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if ran.returncode != 0:
        sys.exit("%s\ncompile_commands: bazel %s failed" % (ran.stderr.rstrip(), args[0]))
    return ran.stdout


def make_overlay():
    link = os.path.join(OVERLAY, "weft", "rt")
    os.makedirs(os.path.dirname(link), exist_ok=True)
    if not os.path.islink(link):
        os.symlink(os.path.relpath(os.path.join(TOP, "runtime"), os.path.dirname(link)), link)


def anchored(argument, output_base, execution_root):
    """The argument with paths that are true whatever Bazel builds next; those into the tree stay relative to it."""
    flag, path = re.match(r"(-I|)(.*)", argument, re.S).groups()
    if path.startswith("external/"):
        return flag + os.path.join(output_base, path)
    if path.startswith("bazel-out/"):
        return flag + os.path.join(execution_root, path)
    return argument


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else "//..."
    output_base = bazel("info", "output_base").strip()
    execution_root = bazel("info", "execution_root").strip()
    graph = json.loads(bazel("aquery", "--output=jsonproto", 'mnemonic("CppCompile", %s)' % pattern))
    make_overlay()
    # By file: a source can be compiled twice, with and without -fPIC.
    commands = {}
    for action in graph.get("actions", []):
        arguments = [a for a in action["arguments"] if a not in DROPPED and not ROOM_LINKS.fullmatch(a)]
        source = next((a for a in reversed(arguments) if a.endswith(SOURCES)), None)
        # What is not in the tree is not ours: GoogleTest's sources, say.
        if source is None or source in commands or not os.path.exists(os.path.join(TOP, source)):
            continue
        arguments = [anchored(a, output_base, execution_root) for a in arguments]
        arguments.insert(1, "-I" + OVERLAY)
        commands[source] = {"directory": TOP, "file": os.path.join(TOP, source), "arguments": arguments}
    if not commands:
        sys.exit("compile_commands: Bazel compiles nothing of ours for %s" % pattern)
    # In one step, as clangd may be reading it.
    written = os.path.join(TOP, "compile_commands.json")
    unfinished = os.path.join(TOP, ".cache", "compile_commands.json")
    with open(unfinished, "w") as out:
        json.dump([commands[source] for source in sorted(commands)], out, indent=1)
        out.write("\n")
    os.replace(unfinished, written)
    print("compile_commands.json: how to compile %d files; headers in %s" % (len(commands), os.path.relpath(OVERLAY, TOP)))


if __name__ == "__main__":
    main()
