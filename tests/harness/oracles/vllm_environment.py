#!/usr/bin/env python3
"""Makes the environment with vLLM, once, in .venvs/vllm; prints its Python. x86-64 only.

    $(python3 tests/harness/oracles/vllm_environment.py) -m pytest ...

PyPI's vLLM is one for CUDA. It imports without a device but for the driver's library, which its
own are linked with: an empty one of that name is loaded first, and functions are looked up when
they are first called (vllm.pth). FlashInfer and CUTLASS's DSL are left out: vLLM does without, and
with them its import fails where there is no device.
"""

import pathlib
import sys

from packages import empty_library, print_environment

DRIVER = "libcuda.so.1"


def fill_in(packages: pathlib.Path) -> None:
    library = packages / DRIVER
    empty_library(library)
    (packages / "vllm.pth").write_text(
        "import ctypes, os, sys; sys.setdlopenflags(os.RTLD_LAZY); "
        f"ctypes.CDLL({str(library)!r})\n")


if __name__ == "__main__":
    sys.exit(print_environment("vllm", fill_in))
