"""Each header of api/ and runtime/ compiles alone, with warnings as errors, and without exceptions and RTTI too.

Under Bazel the public headers are system headers (`includes` means -isystem), where the compiler keeps silent;
here they are not. Clang takes the public ones with the lifetime checks on (docs/decisions/0011-lifetime-attributes.md).
"""

import concurrent.futures
import os
import subprocess
import tempfile

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
BUILDS = [
    ("g++", [], ""),
    ("g++", ["-fno-exceptions", "-fno-rtti"], ""),
    ("clang++-19", ["-DWEFT_LIFETIME_CHECKS=1"], "api/"),
]


def spelling(header):
    if header.startswith("runtime/"):
        return "weft/rt/" + header[len("runtime/"):]
    return header[len("api/"):]


def check(tree):
    with tempfile.TemporaryDirectory() as overlay:
        # runtime/ as Bazel shows it: below weft/rt.
        os.mkdir(os.path.join(overlay, "weft"))
        os.symlink(tree.path("runtime"), os.path.join(overlay, "weft", "rt"))

        def compile_alone(header):
            for compiler, extra, folder in BUILDS:
                if not header.startswith(folder):
                    continue
                ran = subprocess.run(
                    [compiler, *FLAGS, *extra, "-I" + overlay, "-I" + tree.path("api"), "-x", "c++", "-"],
                    input='#include "%s"\n' % spelling(header),
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                )
                if ran.returncode != 0:
                    how = " with " + " ".join(extra) if extra else ""
                    # The sources, not the overlay, so that an editor can jump there.
                    output = ran.stdout.replace(overlay + "/weft/rt", "runtime").replace(tree.path("api"), "api")
                    return "%s:1: does not compile alone%s\n%s" % (header, how, "\n".join(output.splitlines()[:12]))
            return None

        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            results = pool.map(compile_alone, tree.select([".h"], ["api/weft/", "runtime/"]))
            return [problem for problem in results if problem]
