#!/usr/bin/env python3
"""Builds the real Ollama from its Go module, once, in build/ollama.

    WAAG_OLLAMA=$(python3 tests/harness/oracles/build_ollama.py) pytest ...

Prints the program; with --has-go only says, by its status, whether `go` is there and as new as
GO_MIN. Nothing of Ollama is changed. Module archives leave out every folder called vendor, and with
it three headers of other projects that Ollama's copy of llama.cpp includes: they come from
llama.cpp's own source (build_llama_cpp.py). It takes many minutes the first time; `JOBS` packages
are compiled side by side.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import build_llama_cpp

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build" / "ollama"
MODULE, VERSION = "github.com/ollama/ollama", "v0.17.4"
SUM = "h1:X3KNm9x4BlHqk/AXMGtC7pBAFd46nmJmy8yDaBZLo9s="
GO_MIN = (1, 24)
FLAGS = {"CGO_CFLAGS": "-O2", "CGO_CXXFLAGS": "-O2", "GOFLAGS": "-mod=mod -modcacherw"}


def go_version() -> tuple[int, ...]:
    """(1, 26); () where there is no `go`."""
    if not shutil.which("go"):
        return ()
    text = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"go(\d+)\.(\d+)", text).groups()))


def identity() -> str:
    parts = [MODULE, VERSION, SUM, str(FLAGS), str(go_version())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def run(command: list, environment: dict) -> str:
    done = subprocess.run(command, env=environment, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit((done.stdout + done.stderr)[-4000:])
    return done.stdout


def build() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    environment = os.environ | FLAGS | {
        "GOPATH": str(FOLDER / "go"), "GOBIN": str(FOLDER), "GOCACHE": str(FOLDER / "cache")}
    module = json.loads(run(["go", "mod", "download", "-json", f"{MODULE}@{VERSION}"], environment))
    if module["Sum"] != SUM:
        sys.exit(f"{MODULE}@{VERSION} is {module['Sum']}, not {SUM}")
    jobs = os.environ.get("JOBS") or str(os.cpu_count())
    stated = f"-X={MODULE}/version.Version={VERSION[1:]}"
    with tempfile.TemporaryDirectory() as temporary:
        archive = build_llama_cpp.download(pathlib.Path(temporary))
        headers = build_llama_cpp.unpack(archive, FOLDER / "headers", under="vendor/")
        environment["CGO_CPPFLAGS"] = f"-I{headers / 'vendor'}"
        run(["go", "install", "-p", jobs, "-ldflags", stated, f"{MODULE}@{VERSION}"], environment)
    for left in ("go", "cache", "headers"):  # 3 GB
        shutil.rmtree(FOLDER / left)


def main() -> int:
    if "--has-go" in sys.argv:
        return int(go_version() < GO_MIN)
    stamp = FOLDER / "stamp"
    wanted = identity()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("building Ollama, once", file=sys.stderr)
        build()
        stamp.write_text(wanted)
    print(FOLDER / "ollama")
    return 0


if __name__ == "__main__":
    sys.exit(main())
