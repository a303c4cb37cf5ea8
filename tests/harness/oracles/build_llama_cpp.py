#!/usr/bin/env python3
"""Builds the real llama.cpp from PyPI's source package of llama-cpp-python, once, in build/oracle.

    WAAG_LLAMA_CPP=$(python3 tests/harness/oracles/build_llama_cpp.py) pytest ...

Prints the folder of its libraries. Built as its x86-64 releases are as far as quantizing goes: no
FMA, which would round otherwise (-ffp-contract=off, nothing newer than AVX). It takes some minutes
the first time; `JOBS` compilers run side by side.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import packages

ROOT = pathlib.Path(__file__).resolve().parents[3]
PINNED = ROOT / "tests" / "requirements" / "oracles" / "llama_cpp_source.txt"
FOLDER = ROOT / "build" / "oracle"
OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON",
    "-DCMAKE_C_FLAGS=-ffp-contract=off", "-DCMAKE_CXX_FLAGS=-ffp-contract=off",
    "-DGGML_NATIVE=OFF", "-DGGML_AVX=ON", "-DGGML_AVX2=OFF", "-DGGML_FMA=OFF", "-DGGML_F16C=OFF",
    "-DGGML_BMI2=OFF", "-DGGML_OPENMP=OFF", "-DGGML_LLAMAFILE=OFF", "-DGGML_CCACHE=OFF",
    "-DLLAMA_BUILD_COMMON=ON", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_TOOLS=ON",
    "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_SERVER=OFF", "-DLLAMA_BUILD_APP=OFF",
]
PREFIX = "vendor/llama.cpp/"


def identity() -> str:
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True)
    parts = [PINNED.read_text(), *OPTIONS, compiler.stdout.splitlines()[0]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def download(into: pathlib.Path, pinned: pathlib.Path = PINNED) -> pathlib.Path:
    return packages.download(pinned, into, "--no-binary", "llama-cpp-python")


def unpack(archive: pathlib.Path, into: pathlib.Path, under: str = "") -> pathlib.Path:
    """llama.cpp alone, without the package around it; of it what lies `under` that path."""
    with tarfile.open(archive) as source:
        for member in source:
            inside = member.name.partition("/")[2]
            if inside.startswith(PREFIX + under):
                member.name = inside[len(PREFIX):]
                source.extract(member, into, filter="data")
    return into


def build() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        unpack(download(pathlib.Path(temporary)), FOLDER / "source")
    cmake_build(FOLDER / "source", FOLDER / "made", OPTIONS, "llama")


def cmake_build(source: pathlib.Path, made: pathlib.Path, options: list[str], target: str) -> None:
    jobs = os.environ.get("JOBS") or str(os.cpu_count())
    for command in (
            ["cmake", "-S", str(source), "-B", str(made), "-G", "Ninja", *options],
            ["cmake", "--build", str(made), "--parallel", jobs, "--target", target]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:])


def libraries() -> pathlib.Path:
    stamp = FOLDER / "stamp"
    wanted = identity()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("building llama.cpp's libraries, once", file=sys.stderr)
        build()
        stamp.write_text(wanted)
    return FOLDER / "made" / "bin"


def program(name: str) -> pathlib.Path:
    """One of its programs, beside the libraries."""
    found = libraries() / name
    if not found.is_file():
        print(f"building {name}, once", file=sys.stderr)
        cmake_build(FOLDER / "source", FOLDER / "made", OPTIONS, name)
    return found


def main() -> int:
    print(libraries())
    return 0


if __name__ == "__main__":
    sys.exit(main())
