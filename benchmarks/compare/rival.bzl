"""rival: a program of the comparison, from one folder of sources."""

load("//bazel:weft.bzl", "weft_cc_binary")

def rival(name, folder = None, deps = [], copts = [], **kwargs):
    """NAME_rival, from all sources of rivals/FOLDER.

    Args:
      name: what it is called in the results.
      folder: under rivals/; the name, unless given.
      deps: the library that the rival is.
      copts: options beside everybody's.
      **kwargs: what cc_binary takes.
    """
    files = "rivals/%s/*" % (folder or name)
    weft_cc_binary(
        name = name + "_rival",
        srcs = native.glob([files + ".cc", files + ".h"]),
        # The compiler writes its options into the program, where programs.py reads them.
        copts = ["-frecord-gcc-switches"] + copts,
        deps = deps + ["//benchmarks/compare/harness:main"],
        # Their libraries are not built with a sanitizer, and switch stacks without telling it.
        tags = ["rivals"],
        **kwargs
    )
