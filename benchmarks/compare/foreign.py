"""Rivals in other languages: built here, offline, when their tools are there; skipped with a word otherwise.

Go's needs nothing but Go. Those of Rust come from the registry that Debian's librust-*-dev packages fill; Cargo.lock and
what is built stand in the user's cache folder, so that the tree stays as it is. Whatever goes wrong here costs these
rivals and no other.
"""

import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent / "rivals"
REGISTRY = pathlib.Path("/usr/share/cargo/registry")
CRATES = ["rayon", "tokio"]
# Seconds. A first build by cargo takes less than a minute.
PATIENCE = 600

GO = ["go", "build"]
CARGO = ["cargo", "build", "--release"]
# What a user may have set, and what changes the code that comes out.
GO_SETTINGS = ["GOFLAGS", "GOAMD64", "GOEXPERIMENT"]
RUST_SETTINGS = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"]


class absent(Exception):
    """Why there is no such rival here."""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(base) / "weft-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def said_by(command, **kwargs):
    """What it prints; or why it did not end well."""
    try:
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False, timeout=PATIENCE, **kwargs)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise absent(str(error))
    if ran.returncode != 0:
        raise absent("%s fails: %s" % (" ".join(command[:2]), ran.stdout.strip()[-600:]))
    return ran.stdout


def flags_of(command, settings):
    return " ".join(command + ["%s=%s" % (name, os.environ[name]) for name in settings if os.environ.get(name)])


def build_go():
    if shutil.which("go") is None:
        raise absent("there is no go here (Debian: golang-go)")
    made = cache() / "go_rival"
    sources = sorted(str(path) for path in (HERE / "go").glob("*.go"))
    said_by(GO + ["-o", str(made), *sources], env={**os.environ, "GO111MODULE": "off", "GOTOOLCHAIN": "local"})
    return [(made, flags_of(GO, GO_SETTINGS))]


def version_of(crate):
    found = [re.fullmatch(crate + r"-(\d[\w.]*)", path.name) for path in REGISTRY.glob(crate + "-[0-9]*")]
    return max((match.group(1) for match in found if match), default=None)


def build_rust():
    versions = {crate: version_of(crate) for crate in CRATES}
    if shutil.which("cargo") is None or shutil.which("rustc") is None or None in versions.values():
        raise absent("they need cargo, librust-rayon-dev and librust-tokio-dev")
    # cargo writes a lock file beside the manifest.
    copy = cache() / "rust"
    shutil.copytree(HERE / "rust", copy, dirs_exist_ok=True)
    # Rustup's rustc is there without a compiler behind it, until one is chosen.
    rustc = re.search(r"^rustc (\S+)", said_by(["rustc", "--version"]), re.MULTILINE)
    if rustc is None:
        raise absent("rustc does not say its version")
    environment = {**os.environ, "RIVAL_RUSTC": rustc.group(1), "CARGO_TARGET_DIR": str(copy / "target"),
                   **{"RIVAL_" + name.upper(): versions[name] for name in CRATES}}
    registry = ["--config", 'source.crates-io.replace-with="distribution"',
                "--config", 'source.distribution.directory="%s"' % REGISTRY]
    said_by(CARGO + ["--offline", "--quiet", *registry], cwd=copy, env=environment)
    profile = re.search(r"^\[profile\.release\]\n((?:.+\n)*)", (copy / "Cargo.toml").read_text(), re.MULTILINE)
    flags = flags_of(CARGO + ["(%s)" % ", ".join(profile.group(1).splitlines())], RUST_SETTINGS)
    return [(copy / "target" / "release" / (crate + "_rival"), flags) for crate in CRATES]


def build_all(say):
    """Pairs: a program, and the command that made it."""
    made = []
    for names, build in (("go is", build_go), ("rayon and tokio are", build_rust)):
        try:
            made += build()
        except (absent, OSError, shutil.Error) as error:
            say("%s skipped: %s" % (names, error))
    return made
