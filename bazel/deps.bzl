"""External dependencies of weft, for WORKSPACE users.

    local_repository(name = "weft", path = "...")        # or http_archive
    load("@weft//bazel:deps.bzl", "weft_dependencies")
    weft_dependencies()

Every repository is defined only if you have not defined it before, so your
monorepo's own pins win.
"""

load("//bazel:dependency.bzl", "weft_bazel_builtin", "weft_dependency")
load("//bazel:openmp.bzl", "weft_openmp")

def _maybe(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def _released_bazel():
    # Released Bazels say "4.2.3"; a distribution's own build says "".
    return bool(native.bazel_version)

def weft_dependencies(mode = "auto"):
    """What the library itself needs: oneTBB (and rules_cc where Bazel lacks it).

    Args:
      mode: "auto", "archive" (pinned downloads) or "system" (the distribution's packages).
    """
    released = _released_bazel()
    if not released and not hasattr(native, "module_name"):
        _distribution_bazel_4()
    elif not released:
        _distribution_bazel_7()
    _maybe(
        weft_dependency,
        name = "onetbb",
        mode = mode,
        released_bazel = released,
        urls = ["https://github.com/uxlfoundation/oneTBB/archive/refs/tags/v2021.8.0.tar.gz"],
        sha256 = "eee380323bb7ce864355ed9431f85c43955faaae9e9bce35c62b372d7ffd9f8b",
        strip_prefix = "oneTBB-2021.8.0",
        system_package = "libtbb-dev",
        system_requires = ["/usr/include/oneapi/tbb.h"],
        system_files = {"BUILD": "@weft//bazel/system:onetbb.BUILD"},
    )

def weft_dev_dependencies(mode = "auto"):
    """What only weft's own tests, benchmarks and examples need; consumers do not call this.

    Repositories are fetched when a target first needs them, so that, say, the demo builds without GoogleTest.

    Args:
      mode: as for weft_dependencies.
    """
    released = _released_bazel()
    _maybe(
        weft_dependency,
        name = "com_google_googletest",
        mode = mode,
        released_bazel = released,
        urls = ["https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz"],
        sha256 = "8ad598c73ad796e0d8280b082cebd82a630d73e73cd3c70057938a6501bba5d7",
        strip_prefix = "googletest-1.14.0",
        system_package = "googletest",
        system_requires = ["/usr/src/googletest/googletest/src/gtest-all.cc"],
        system_links = {
            "googletest": "/usr/src/googletest/googletest",
            "googlemock": "/usr/src/googletest/googlemock",
        },
        system_files = {"BUILD": "@weft//bazel/system:googletest.BUILD"},
    )
    _maybe(
        weft_dependency,
        name = "com_github_google_benchmark",
        mode = mode,
        released_bazel = released,
        urls = ["https://github.com/google/benchmark/archive/refs/tags/v1.8.3.tar.gz"],
        sha256 = "6bc180a57d23d4d9515519f92b0c83d61b05b5bab188961f36ac7b06b0d9e9ce",
        strip_prefix = "benchmark-1.8.3",
        system_package = "libbenchmark-dev",
        system_requires = ["/usr/include/benchmark/benchmark.h"],
        system_files = {"BUILD": "@weft//bazel/system:benchmark.BUILD"},
    )

    # The HTTP parser of the article's example: generated C, shipped as sources by Debian.
    _maybe(
        weft_dependency,
        name = "llhttp",
        mode = mode,
        released_bazel = released,
        system_package = "node-llhttp",
        system_requires = [
            "/usr/share/include/llhttp/llhttp.h",
            "/usr/share/llhttp/api.c",
            "/usr/share/llhttp/http.c",
            "/usr/share/llhttp/llhttp.c",
        ],
        system_links = {
            "llhttp.h": "/usr/share/include/llhttp/llhttp.h",
            "api.c": "/usr/share/llhttp/api.c",
            "http.c": "/usr/share/llhttp/http.c",
            "llhttp.c": "/usr/share/llhttp/llhttp.c",
        },
        system_files = {"BUILD": "@weft//bazel/system:llhttp.BUILD"},
    )

    # The command lines of the example servers.
    _maybe(
        weft_dependency,
        name = "cli11",
        mode = mode,
        released_bazel = released,
        system_package = "libcli11-dev",
        system_requires = ["/usr/include/CLI/CLI.hpp"],
        system_files = {"BUILD": "@weft//bazel/system:cli11.BUILD"},
    )

    # A second explorer for the lock-free parts: tests/model/relacy.
    _maybe(
        weft_dependency,
        name = "relacy",
        mode = mode,
        released_bazel = released,
        system_package = "relacy-dev",
        system_requires = ["/usr/include/relacy/relacy.hpp"],
        system_files = {"BUILD": "@weft//bazel/system:relacy.BUILD"},
    )

    # What the comparison of schedulers stands on: its own output, and three of the rivals.
    for name, package, header, build in [
        ("nlohmann_json", "nlohmann-json3-dev", "nlohmann/json.hpp", "nlohmann_json.BUILD"),
        ("asio", "libasio-dev", "asio.hpp", "asio.BUILD"),
        ("boost_fiber", "libboost-fiber-dev", "boost/fiber/all.hpp", "boost_fiber.BUILD"),
    ]:
        _maybe(
            weft_dependency,
            name = name,
            mode = mode,
            released_bazel = released,
            system_package = package,
            system_requires = ["/usr/include/" + header],
            system_files = {"BUILD": "@weft//bazel/system:" + build},
        )
    _maybe(weft_openmp, name = "openmp")

def _distribution_bazel_4():
    # Debian 12/13's bazel-bootstrap is 4.2.3. Its built-in WORKSPACE suffix
    # downloads these three from GitHub at the first build, even for C++ only;
    # a definition made before it wins, and for C++ these few files are enough.
    _maybe(
        weft_bazel_builtin,
        name = "rules_cc",
        files = {
            "BUILD": "@weft//bazel/bazel4:empty.BUILD",
            "cc/BUILD": "@weft//bazel/bazel4:rules_cc.BUILD",
            "cc/defs.bzl": "@weft//bazel/bazel4:rules_cc_defs.bzl",
        },
    )
    _maybe(
        weft_bazel_builtin,
        name = "rules_java",
        files = {
            "BUILD": "@weft//bazel/bazel4:empty.BUILD",
            "java/BUILD": "@weft//bazel/bazel4:empty.BUILD",
            "java/defs.bzl": "@weft//bazel/bazel4:rules_java_defs.bzl",
        },
    )
    _maybe(
        weft_bazel_builtin,
        name = "remote_coverage_tools",
        files = {
            "BUILD": "@weft//bazel/bazel4:coverage.BUILD",
            "lcov_merger.py": "@weft//bazel/bazel4:lcov_merger.py",
        },
    )

def _distribution_bazel_7():
    # Debian sid's bazel-bootstrap 7 comes with these as packages it depends on.
    # (Run it with --noenable_bzlmod --enable_workspace.)
    for name, path in {
        "bazel_skylib": "tools/skylib",
        "platforms": "tools/platforms",
        "rules_cc": "rules/cc",
        "rules_java": "rules/java",
        "rules_license": "rules/license",
        "rules_proto": "rules/proto",
        "rules_python": "rules/python",
    }.items():
        _maybe(native.local_repository, name = name, path = "/usr/share/bazel/" + path)
