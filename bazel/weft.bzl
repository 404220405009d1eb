"""Build macros of weft: one place for warnings, include paths and visibility."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# Everything inside this repository, nothing outside it.
WEFT_VISIBILITY = ["//:__subpackages__"]

# The machinery: rooms see each other; tests and benchmarks may look inside; api/ comes in through //runtime:front.
ROOM_VISIBILITY = [
    "//benchmarks:__subpackages__",
    "//runtime:__subpackages__",
    "//tests:__subpackages__",
]

# -Werror is not here but in .bazelrc, so that it never reaches a consumer's build. `includes` of //api:weft means
# -isystem, which silences the warnings of its headers: //tests/house:headers_test compiles those with warnings.
WEFT_COPTS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Wnon-virtual-dtor",
]

def weft_cc_library(name, copts = [], **kwargs):
    cc_library(name = name, copts = WEFT_COPTS + copts, **kwargs)

def weft_cc_binary(name, copts = [], **kwargs):
    cc_binary(name = name, copts = WEFT_COPTS + copts, **kwargs)

def weft_cc_test(name, srcs = None, size = "small", copts = [], deps = [], **kwargs):
    """A GoogleTest test; NAME is built from NAME.cc unless srcs says otherwise."""
    cc_test(
        name = name,
        srcs = srcs or [name + ".cc"],
        size = size,
        copts = WEFT_COPTS + copts,
        deps = deps + ["@com_google_googletest//:gtest_main"],
        **kwargs
    )

def weft_cc_tests(deps, sizes = {}, exclude = []):
    """One weft_cc_test for every *_test.cc of the package; `sizes` names those that are not small."""
    for source in native.glob(["*_test.cc"], exclude = exclude, allow_empty = True):
        name = source[:-len(".cc")]
        weft_cc_test(name = name, size = sizes.get(name, "small"), deps = deps)

def weft_room(name, deps = [], srcs = None, hdrs = None, visibility = ROOM_VISIBILITY, **kwargs):
    """A folder of runtime/ as a library.

    runtime/<room>/x.h is included as "weft/rt/<room>/x.h" and never as "runtime/...": a consumer's own
    runtime/ folder would be found first.

    Args:
      name: the room; for a room in a package of its own, the name of the package.
      deps: the floors below. tests/house/layers.txt says which they may be.
      srcs: all *.cc of the package, unless given.
      hdrs: all *.h of the package, unless given.
      visibility: the other rooms, tests and benchmarks, unless given.
      **kwargs: what cc_library takes.
    """
    weft_cc_library(
        name = name,
        srcs = native.glob(["*.cc"], allow_empty = True) if srcs == None else srcs,
        hdrs = native.glob(["*.h"], allow_empty = True) if hdrs == None else hdrs,
        include_prefix = "weft/rt",
        strip_include_prefix = "/runtime",
        visibility = visibility,
        deps = deps,
        **kwargs
    )
