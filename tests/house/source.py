"""The tree as the lints see it: which files there are, and C++ without its comments and strings."""

import os
import re

# Made by tools, or deliberately wrong.
SKIPPED_FOLDERS = {".git", ".cache", "__pycache__", "build", "tests/house/fixtures"}


class Tree:
    """All files below `root`, as paths relative to it, sorted."""

    def __init__(self, root):
        self.root = root
        self.files = []
        for where, folders, names in os.walk(root):
            here = os.path.relpath(where, root)
            here = "" if here == "." else here + "/"
            # Symbolic links to folders (bazel-bin and the like) are listed but not walked.
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS and here + f not in SKIPPED_FOLDERS]
            self.files += [here + name for name in names]
        self.files.sort()

    def select(self, suffixes, folders=("",)):
        """The files that end in one of `suffixes`, below one of `folders` ("runtime/", "" for all)."""
        return [f for f in self.files if f.endswith(tuple(suffixes)) and f.startswith(tuple(folders))]

    def path(self, name):
        return os.path.join(self.root, name)

    def text(self, name):
        """The file's text, or None where it is not text."""
        try:
            with open(self.path(name), encoding="utf-8") as stream:
                return stream.read()
        except (UnicodeDecodeError, FileNotFoundError):
            return None


_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<string>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
                  |"(?:\\.|[^"\\\n])*"
                  |(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+')""",
    re.S | re.X,
)


def blank(text, strings=True):
    """C++ with comments, and `strings` too, turned into spaces; every line and column stays where it was."""

    def replace(match):
        if match.group("comment") is None and not strings:
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return _TOKEN.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
