#!/usr/bin/env python3
"""Makes the environment of the checks that need torch, once, in .venvs/torch; prints its Python.

    $(python3 tests/harness/oracles/torch_environment.py) -m pytest ...

PyPI's torch for x86-64 is one for CUDA and links the libraries of 18 more packages: 3.0 GB to
download beside its own 0.9, for checks that compute on the CPU. CUDA's runtime alone is installed,
which it cannot be loaded without. Each other library is an empty one of the same name. Functions
are looked up when they are first called (torch.pth): one that is called after all ends the process
with "undefined symbol". Where torch is one for the CPU, nothing is missing.
"""

import pathlib
import re
import subprocess
import sys

from packages import empty_library, print_environment

LAZY = "import os, sys; sys.setdlopenflags(os.RTLD_LAZY)\n"
OF_CUDA = re.compile(r"^\s(lib(?:cu|nccl|nv)\S+) => not found$", re.MULTILINE)


def missing(libraries: pathlib.Path) -> set[str]:
    """Names of CUDA's libraries that torch's link and that are not there."""
    files = [str(path) for path in sorted(libraries.glob("lib*.so"))]
    listed = subprocess.run(["ldd", *files], capture_output=True, text=True, check=True).stdout
    return set(OF_CUDA.findall(listed))


def fill_in(packages: pathlib.Path) -> None:
    (packages / "torch.pth").write_text(LAZY)
    libraries = packages / "torch" / "lib"
    # The driver's library comes with a device, and torch loads it only there.
    for name in missing(libraries) - {"libcuda.so.1"}:
        empty_library(libraries / name)


if __name__ == "__main__":
    sys.exit(print_environment("torch", fill_in))
