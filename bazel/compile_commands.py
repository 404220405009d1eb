#!/usr/bin/python3
"""Writes compile_commands.json for clangd: bazel/compile_commands.py [target pattern, default //...]"""

import json
import os
import subprocess
import sys

SOURCES = (".cc", ".cpp", ".c")


def bazel(*args):
    return subprocess.run(["bazel", *args], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else "//..."
    workspace = bazel("info", "workspace").strip()
    execroot = bazel("info", "execution_root").strip()
    graph = json.loads(bazel("aquery", "--output=jsonproto", 'mnemonic("CppCompile", %s)' % pattern))
    commands = []
    for action in graph["actions"]:
        # clangd does not know this GCC flag of Bazel's toolchain
        arguments = [a for a in action["arguments"] if a != "-fno-canonical-system-headers"]
        source = next(a for a in reversed(arguments) if a.endswith(SOURCES))
        path = os.path.join(workspace, source)
        if os.path.exists(path):
            commands.append({"directory": execroot, "file": path, "arguments": arguments})
    with open(os.path.join(workspace, "compile_commands.json"), "w") as out:
        json.dump(commands, out, indent=1)
    print("compile_commands.json: %d commands" % len(commands))


if __name__ == "__main__":
    main()
