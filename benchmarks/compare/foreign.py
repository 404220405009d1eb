"""Rivals in other languages: built here, offline, when their tools are there; skipped with a word otherwise.

Go's needs nothing but Go. Those of Rust come from the registry that Debian's librust-*-dev packages fill; Cargo.lock and
what is built stand in the user's cache folder, so that the tree stays as it is.
"""

import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent / "rivals"
REGISTRY = pathlib.Path("/usr/share/cargo/registry")
CRATES = ["rayon", "tokio"]


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(base) / "weft-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def builds(command, say, name, **kwargs):
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kwargs)
    if ran.returncode != 0:
        say("%s is skipped: it does not build: %s" % (name, ran.stdout.strip()[-600:]))
    return ran.returncode == 0


def build_go(say):
    if shutil.which("go") is None:
        say("go is skipped: there is no go here (Debian: golang-go)")
        return []
    made = cache() / "go_rival"
    sources = sorted(str(path) for path in (HERE / "go").glob("*.go"))
    environment = {**os.environ, "GO111MODULE": "off", "GOTOOLCHAIN": "local"}
    return [made] if builds(["go", "build", "-o", str(made), *sources], say, "go", env=environment) else []


def version_of(crate):
    found = [re.fullmatch(crate + r"-(\d[\w.]*)", path.name) for path in REGISTRY.glob(crate + "-[0-9]*")]
    return max((match.group(1) for match in found if match), default=None)


def build_rust(say):
    versions = {crate: version_of(crate) for crate in CRATES}
    if shutil.which("cargo") is None or None in versions.values():
        say("rayon and tokio are skipped: they need cargo, librust-rayon-dev and librust-tokio-dev")
        return []
    # cargo writes a lock file beside the manifest.
    copy = cache() / "rust"
    shutil.copytree(HERE / "rust", copy, dirs_exist_ok=True)
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]
    environment = {**os.environ, "RIVAL_RUSTC": rustc, **{"RIVAL_" + name.upper(): versions[name] for name in CRATES}}
    registry = ["--config", 'source.crates-io.replace-with="distribution"',
                "--config", 'source.distribution.directory="%s"' % REGISTRY]
    command = ["cargo", *registry, "build", "--release", "--offline", "--quiet"]
    if not builds(command, say, "rayon and tokio", cwd=copy, env=environment):
        return []
    return [copy / "target" / "release" / (crate + "_rival") for crate in CRATES]


def build_all(say):
    return build_go(say) + build_rust(say)
