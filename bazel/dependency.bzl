"""weft_dependency: one external library, from a pinned archive or from the distribution.

Mode, in this order:
  1. attribute `mode` when it is "archive" or "system" (set through weft_dependencies(mode = ...)),
  2. the environment variable WEFT_DEPS = archive | system (also: --repo_env=WEFT_DEPS=...,
     or --config=archive / --config=system in weft's own .bazelrc),
  3. "system" when Bazel itself is a distribution's build (it has no release number,
     as Debian's bazel-bootstrap), "archive" for every released Bazel.

A dependency without `urls` can come from the distribution only, and archive mode says so: no checksum is invented.
"""

def _mode(repository_ctx):
    mode = repository_ctx.attr.mode
    if mode == "auto":
        mode = repository_ctx.os.environ.get("WEFT_DEPS", "auto")
    if mode == "auto":
        mode = "archive" if repository_ctx.attr.released_bazel else "system"
    if mode not in ("archive", "system"):
        fail("WEFT_DEPS is %r: it must be archive, system or auto" % mode)
    return mode

def _weft_dependency_impl(repository_ctx):
    if _mode(repository_ctx) == "archive":
        if not repository_ctx.attr.urls:
            fail("@%s has no pinned archive, it comes from the distribution only. Install it with: apt-get install %s  and build with --config=system, or define @%s in your WORKSPACE" % (
                repository_ctx.name,
                repository_ctx.attr.system_package,
                repository_ctx.name,
            ))
        repository_ctx.download_and_extract(
            url = repository_ctx.attr.urls,
            sha256 = repository_ctx.attr.sha256,
            stripPrefix = repository_ctx.attr.strip_prefix,
        )
        return

    # Before any symlink is made: a dangling one would show up later, and name a header instead of a package.
    for path in repository_ctx.attr.system_requires:
        if not repository_ctx.path(path).exists:
            fail("@%s: %s is missing. Install it with: apt-get install %s%s" % (
                repository_ctx.name,
                path,
                repository_ctx.attr.system_package,
                "  (or choose the pinned archive with --config=archive)" if repository_ctx.attr.urls else "",
            ))
    repository_ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % repository_ctx.name)
    for link, target in repository_ctx.attr.system_links.items():
        repository_ctx.symlink(target, link)
    for name, label in repository_ctx.attr.system_files.items():
        repository_ctx.symlink(repository_ctx.path(Label(label)), name)

weft_dependency = repository_rule(
    implementation = _weft_dependency_impl,
    attrs = {
        "mode": attr.string(default = "auto", values = ["auto", "archive", "system"]),
        "released_bazel": attr.bool(default = True),
        "urls": attr.string_list(doc = "none: the distribution only"),
        "sha256": attr.string(doc = "of the archive; always given with urls"),
        "strip_prefix": attr.string(),
        "system_requires": attr.string_list(doc = "files that must exist on this machine"),
        "system_package": attr.string(doc = "Debian packages that bring them"),
        "system_links": attr.string_dict(doc = "name in the repository -> absolute path on this machine"),
        "system_files": attr.string_dict(doc = "name in the repository -> label of one of our files"),
    },
    environ = ["WEFT_DEPS"],
)

def _weft_bazel_builtin_impl(repository_ctx):
    repository_ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % repository_ctx.name)
    for name, label in repository_ctx.attr.files.items():
        repository_ctx.symlink(repository_ctx.path(Label(label)), name)

# A repository made only of files of ours, for what a distribution's Bazel 4
# would otherwise download at the first build (rules_cc, rules_java, coverage tools).
weft_bazel_builtin = repository_rule(
    implementation = _weft_bazel_builtin_impl,
    attrs = {"files": attr.string_dict()},
)
