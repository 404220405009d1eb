"""openmp: whether the compilers here have OpenMP. Nothing fails without it; flags.bzl then has no flags."""

def _openmp_impl(repository_ctx):
    # g++ always brings its own. clang-19's is a package of its own, and conflicts with other versions'.
    clang = repository_ctx.path("/usr/lib/llvm-19/lib/libomp.so").exists
    repository_ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % repository_ctx.name)
    repository_ctx.file("BUILD", "")
    repository_ctx.file("flags.bzl", """OPENMP_GCC = ["-fopenmp"]
OPENMP_CLANG = %s
""" % ("[\"-fopenmp\"]" if clang else "[]"))

# local: looked at again each time a server starts, so that an installation is seen.
weft_openmp = repository_rule(implementation = _openmp_impl, local = True)
