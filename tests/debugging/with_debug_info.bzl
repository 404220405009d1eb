"""A program and all that it stands on, compiled with debug information and without sanitizers, whatever the flags."""

def _with_flags(_settings, attr):
    return {
        "//command_line_option:copt": ["-g"] + attr.flags,
        "//command_line_option:linkopt": [],
        "//command_line_option:platform_suffix": "debugging" + "".join(attr.flags),
        "//command_line_option:strip": "never",
    }

_flags = transition(
    implementation = _with_flags,
    inputs = [],
    outputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
        "//command_line_option:platform_suffix",
        "//command_line_option:strip",
    ],
)

def _with_debug_info(ctx):
    program = ctx.attr.program[0][DefaultInfo].files_to_run.executable
    linked = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = linked, target_file = program, is_executable = True)
    return DefaultInfo(
        executable = linked,
        runfiles = ctx.runfiles([linked, program]).merge(ctx.attr.program[0][DefaultInfo].default_runfiles),
    )

with_debug_info = rule(
    implementation = _with_debug_info,
    attrs = {
        "flags": attr.string_list(doc = "compiler flags besides -g"),
        "program": attr.label(cfg = _flags, executable = True, mandatory = True),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    executable = True,
)
