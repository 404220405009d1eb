"""A page whose C++ blocks are compiled, run, and compared with what the page says that they print."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("//bazel:weft.bzl", "WEFT_COPTS", "weft_cc_binary")

def _compiler_log_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    library = ctx.attr.library[CcInfo].compilation_context
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        source_file = ctx.file.src.path,
        include_directories = library.includes,
        quote_include_directories = library.quote_includes,
        system_include_directories = library.system_includes,
        preprocessor_defines = library.defines,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + WEFT_COPTS +
                             ["-Werror", "-fsyntax-only"],
    )
    command = [cc_common.get_tool_for_action(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
    )] + cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )
    log = ctx.actions.declare_file(ctx.label.name + ".log")
    ctx.actions.run_shell(
        outputs = [log],
        inputs = depset([ctx.file.src], transitive = [library.headers, toolchain.all_files]),
        command = 'log="$1"; shift; "$@" >"$log" 2>&1; echo "exit status $?" >>"$log"',
        arguments = [log.path] + command,
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        ),
        mnemonic = "CompilerLog",
    )
    return [DefaultInfo(files = depset([log]), runfiles = ctx.runfiles([log]))]

# What the compiler says of a file, which it may refuse, and in the last line how it ended.
compiler_log = rule(
    implementation = _compiler_log_impl,
    attrs = {
        "library": attr.label(providers = [CcInfo]),
        "src": attr.label(allow_single_file = [".cc"]),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def page_tests(name, page, programs, refused = 0, deps = ["//api:weft"]):
    """One test for each C++ program of a page.

    Args:
      name: of the page; tests are NAME_1_test, NAME_2_test, ..., NAME_refused_1_test, ...
      page: the label of the *.md file.
      programs: how many programs it has that compile. The build fails when it has another number.
      refused: how many that must not compile.
      deps: what the programs may include.
    """
    compiled = ["%s_%d" % (name, i + 1) for i in range(programs)]
    not_compiled = ["%s_refused_%d" % (name, i + 1) for i in range(refused)]
    native.genrule(
        name = name + "_blocks",
        srcs = [page],
        outs = [stem + ".cc" for stem in compiled + not_compiled] + [name + ".json"],
        cmd = "$(location //tests/guide:extract) $< %s $(RULEDIR) %d %d" % (name, programs, refused),
        tools = ["//tests/guide:extract"],
    )
    for stem in compiled:
        weft_cc_binary(
            name = stem,
            testonly = True,
            srcs = [stem + ".cc"],
            tags = ["guide"],
            deps = deps,
        )
    for stem in not_compiled:
        compiler_log(
            name = stem,
            testonly = True,
            src = stem + ".cc",
            library = "//api:weft",
            tags = ["guide"],
        )
    for stem in compiled + not_compiled:
        native.sh_test(
            name = stem + "_test",
            size = "small",
            srcs = ["//tests/guide:check.py"],
            args = [
                "$(location :%s.json)" % name,
                stem,
                "$(location :%s)" % stem,
            ],
            data = [
                ":%s.json" % name,
                ":" + stem,
            ],
            # Sanitizer builds leave them out (.bazelrc): the same calls are tested in tests/api.
            tags = ["guide"],
        )

def require_all_pages(pages):
    """Ends the build when a page of this folder is not among `pages`: nobody would compile its programs."""
    for page in native.glob(["**/*.md"]):
        if page[:-len(".md")] not in pages:
            fail("%s is not among the pages of this BUILD file" % page)
