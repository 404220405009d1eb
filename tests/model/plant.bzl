"""Sources with planted errors (plant.py), and the libraries of a model build."""

load("@rules_cc//cc:defs.bzl", "cc_test")
load("//bazel:weft.bzl", "WEFT_COPTS", "weft_cc_library")

# In a model build atomics are the explorer's, and invariants are checked.
MODEL_DEFINES = [
    "WEFT_DEBUG=1",
    "WEFT_MODEL=1",
]

# The explorer runs millions of executions, in every build.
MODEL_COPTS = ["-O2"]

def _planted_impl(ctx):
    outs = [ctx.actions.declare_file("planted/" + source.path) for source in ctx.files.srcs]
    listing = ctx.actions.declare_file("planted/mutants.inc")
    arguments = ctx.actions.args()
    arguments.add("-B")
    arguments.add(ctx.file.tool)
    arguments.add("--out", listing.dirname)
    arguments.add("--list", listing)
    arguments.add_all("--mutants", ctx.files.mutants)
    arguments.add_all("--sources", ctx.files.srcs)
    ctx.actions.run(
        executable = "/usr/bin/python3",
        arguments = [arguments],
        inputs = ctx.files.srcs + ctx.files.mutants + [ctx.file.tool],
        outputs = outs + [listing],
        mnemonic = "Plant",
        progress_message = "Planting errors in the copies for the model checker",
    )
    return [DefaultInfo(files = depset(outs + [listing]))]

planted = rule(
    implementation = _planted_impl,
    doc = "Copies of `srcs` below planted/, with what `mutants` say planted in them; and planted/mutants.inc.",
    attrs = {
        "srcs": attr.label_list(allow_files = [".h", ".cc"]),
        "mutants": attr.label_list(allow_files = [".mutants"]),
        "tool": attr.label(allow_single_file = True, default = "//tests/model:plant.py"),
    },
)

def _is_wanted(file, below, suffix, exclude):
    path = file.short_path.partition("planted/")[2]
    if not path.startswith(below) or not path.endswith(suffix):
        return False
    for each in exclude:
        if path.startswith(each):
            return False
    return True

def _picked_impl(ctx):
    wanted = [f for f in ctx.files.of if _is_wanted(f, ctx.attr.below, ctx.attr.suffix, ctx.attr.exclude)]
    return [DefaultInfo(files = depset(wanted))]

picked = rule(
    implementation = _picked_impl,
    doc = "Some of the files of a `planted`.",
    attrs = {
        "of": attr.label(),
        "below": attr.string(),
        "suffix": attr.string(),
        "exclude": attr.string_list(),
    },
)

def model_library(name, copts = [], **kwargs):
    weft_cc_library(
        name = name,
        copts = MODEL_COPTS + copts,
        defines = MODEL_DEFINES,
        linkstatic = True,
        tags = ["model"],
        **kwargs
    )

def model_test(name, deps, srcs = None, **kwargs):
    cc_test(
        name = name,
        size = "medium",
        srcs = srcs or [name + ".cc"],
        copts = WEFT_COPTS + MODEL_COPTS,
        linkstatic = True,  # only the part of the machinery that a model uses
        # Sanitizer builds leave them out (.bazelrc): the explorer finds more there, and planted errors are errors.
        tags = ["model"],
        deps = deps,
        **kwargs
    )

def model_tests(deps):
    """A test for every *_model.cc of the package."""
    for source in native.glob(["*_model.cc"]):
        model_test(name = source[:-len(".cc")], deps = deps)
