"""Sources are as clang-format-19 (.clang-format) leaves them. `./dev fmt` makes them so."""

import os
import re
import shutil
import subprocess

TOOL = "clang-format-19"
FOLDERS = ["api/", "runtime/", "tests/", "benchmarks/", "docs/"]
# The style of this tree, for the fixture too, which stands elsewhere.
STYLE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", ".clang-format")


def check(tree):
    if shutil.which(TOOL) is None:
        return ["%s is missing, so nothing could be checked: run ./dev lint as root, or apt-get install %s" % (TOOL, TOOL)]
    files = tree.select([".h", ".cc"], FOLDERS)
    if not files:
        return []
    ran = subprocess.run(
        [TOOL, "--style=file:" + os.path.realpath(STYLE), "--dry-run", "-Werror", *files],
        cwd=tree.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    found = {}
    for line in ran.stdout.splitlines():
        match = re.match(r"(\S+?):(\d+):\d+: (?:error|warning):", line)
        if match:
            found.setdefault(match.group(1), match.group(2))
    problems = ["%s:%s: is not formatted (first such line): run ./dev fmt" % pair for pair in found.items()]
    return problems if problems or ran.returncode == 0 else [ran.stdout.strip()]
