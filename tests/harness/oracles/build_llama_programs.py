#!/usr/bin/env python3
"""Builds real programs of llama.cpp that download models (-hf), once, in build/llama-programs.

    WAAG_LLAMA_PROGRAMS=$(python3 tests/harness/oracles/build_llama_programs.py) pytest ...

Prints the folder of one program an age: `2026`, of the source that build_llama_cpp.py has, asks for
a repository's tree, as releases since March 2026 do; `2025` for /v2/.../manifests, as those of the
year before. Nothing of them is changed. It takes many minutes the first time; `JOBS` compilers run
side by side.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import build_llama_cpp

ROOT = pathlib.Path(__file__).resolve().parents[3]
PINNED = ROOT / "tests" / "requirements" / "oracles" / "llama_cpp_of_2025.txt"
FOLDER = ROOT / "build" / "llama-programs"
OPTIONS_2025 = [
    # Only the kernels are optimised, which are in C: most of the time goes into C++.
    "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=-O2", "-DBUILD_SHARED_LIBS=OFF",
    "-DGGML_OPENMP=OFF",
    "-DGGML_LLAMAFILE=OFF", "-DGGML_CCACHE=OFF", "-DLLAMA_BUILD_COMMON=ON", "-DLLAMA_CURL=ON",
    "-DLLAMA_BUILD_TOOLS=ON", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
]


def identity() -> str:
    """Of the program of 2025."""
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True)
    parts = [PINNED.read_text(), *OPTIONS_2025, compiler.stdout.splitlines()[0]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def build_2025() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        archive = build_llama_cpp.download(work, PINNED)
        source = build_llama_cpp.unpack(archive, work / "source")
        build_llama_cpp.cmake_build(source, work / "made", OPTIONS_2025, "llama-cli")
        shutil.copy(work / "made" / "bin" / "llama-cli", FOLDER / "2025")


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    newest = FOLDER / "2026"
    newest.unlink(missing_ok=True)
    newest.symlink_to(build_llama_cpp.program("llama-completion"))
    stamp = FOLDER / "stamp"
    wanted = identity()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("building llama.cpp's program of 2025, once", file=sys.stderr)
        build_2025()
        stamp.write_text(wanted)
    print(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
