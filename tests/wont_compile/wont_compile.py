#!/usr/bin/python3 -B
"""What users get wrong, and what the compilers say: each case is compiled twice.

    wont_compile.py              all cases
    wont_compile.py NAME ...     these

A case is a .cc file in this folder. Its head says what must hold:

    // compilers: gcc clang             who refuses it; both, unless it says otherwise
    // flags: -include x.h              besides the usual ones
    // says: a regular expression       which the refusal matches

With -DWRONG every compiler named must refuse the file, in these words; without, every compiler must take it, warnings
included, with the same flags: so that a case cannot be refused for another reason. The part in `#ifdef WRONG` and its
`#else` are the wrong and the right way to write the same.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

COMPILERS = {"gcc": "g++", "clang": "clang++-19"}
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-Wno-unused-variable",
         "-Wno-unused-function", "-Wno-unused-but-set-variable"]


class Case:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(path, encoding="utf-8") as stream:
            self.text = stream.read()
        self.compilers = self._said("compilers", "gcc clang").split()
        self.flags = self._said("flags", "").split()
        self.words = self._said("says", "")

    def _said(self, key, otherwise):
        found = re.search(r"^// %s: (.*)$" % key, self.text, re.M)
        return found.group(1) if found else otherwise

    def problems_of_its_head(self):
        if not self.words:
            yield "%s: what must the compilers say? Add a line `// says: ...`" % self.name
        for name in self.compilers:
            if name not in COMPILERS:
                yield "%s: no compiler is called %s" % (self.name, name)
        if "WRONG" not in self.text:
            yield "%s: nothing in it is WRONG" % self.name

    def problems_with(self, compiler, weft):
        command = [*weft, "-fsyntax-only", self.path]

        def say(extra):
            ran = subprocess.run(command + extra, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 check=False)
            return ran.returncode, ran.stdout

        refused, output = say([])
        if refused:
            yield "%s: the right way is refused by %s\n%s" % (self.name, compiler, shortened(output))
        if compiler not in self.compilers:
            return
        refused, output = say(["-DWRONG"])
        if not refused:
            yield "%s: %s takes it" % (self.name, compiler)
        elif not re.search(self.words, output):
            yield "%s: %s refuses it in other words than `%s`\n%s" % (self.name, compiler, self.words,
                                                                     shortened(output))


def shortened(output):
    return "\n".join("    " + line[:300] for line in output.splitlines()[:15])


class Weft:
    """Commands that know weft's headers; they are compiled once for each set of flags."""

    def __init__(self, tree, folder):
        # As Bazel shows the headers: runtime/ below weft/rt, which is not a folder of the tree.
        os.mkdir(os.path.join(folder, "weft"))
        os.symlink(os.path.join(tree, "runtime"), os.path.join(folder, "weft", "rt"))
        self.folder = folder
        self.includes = ["-I" + folder, "-I" + os.path.join(tree, "api")]
        self.made = {}

    def command(self, compiler, flags):
        key = (compiler, *flags)
        if key not in self.made:
            self.made[key] = self._compiled(os.path.join(self.folder, str(len(self.made))), compiler, flags)
        return self.made[key]

    def _compiled(self, place, compiler, flags):
        os.mkdir(place)
        header = os.path.join(place, "weft_once.h")
        with open(header, "w", encoding="utf-8") as out:
            out.write('#include "weft/weft.h"\n')
        command = [COMPILERS[compiler], *FLAGS, *flags, *self.includes]
        ready = header + (".gch" if compiler == "gcc" else ".pch")
        subprocess.run(command + ["-x", "c++-header", header, "-o", ready], check=True)
        return command + (["-include", header] if compiler == "gcc" else ["-include-pch", ready])


def main():
    # Bazel gives a link to this file of the tree; the test is tagged `local`, so the tree is there.
    here = os.path.dirname(os.path.realpath(__file__))
    tree = os.path.dirname(os.path.dirname(here))
    wanted = sys.argv[1:]
    cases = [Case(os.path.join(here, name)) for name in sorted(os.listdir(here)) if name.endswith(".cc")]
    cases = [case for case in cases if not wanted or case.name[:-len(".cc")] in wanted]
    problems = [problem for case in cases for problem in case.problems_of_its_head()]
    if not cases:
        problems.append("there is no such case")
    with tempfile.TemporaryDirectory() as overlay:
        weft = Weft(tree, overlay)
        jobs = [(case, compiler, weft.command(compiler, case.flags)) for case in cases for compiler in COMPILERS]
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            for found in pool.map(lambda job: list(job[0].problems_with(*job[1:])), jobs):
                problems += found
    print("\n".join(problems) or "%d cases are refused, and their right ways are not" % len(cases))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
