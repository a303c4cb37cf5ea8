#!/usr/bin/env python3
"""Makes the environment with vLLM, once, in .venvs/vllm; prints its Python. x86-64 only.

    $(python3 tests/harness/oracles/vllm_environment.py) -m pytest ...

PyPI's vLLM is one for CUDA. It imports without a device but for the driver's library, which its
own are linked with: an empty one of that name is loaded first, and functions are looked up when
they are first called (vllm.pth). FlashInfer and CUTLASS's DSL are left out: vLLM does without, and
with them its import fails where there is no device.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "harness"))

import venvs  # noqa: E402

PINNED = ROOT / "tests" / "requirements" / "oracles" / "vllm.txt"
DRIVER = "libcuda.so.1"


def fill_in(packages: pathlib.Path) -> None:
    library = packages / DRIVER
    subprocess.run(["cc", "-shared", "-x", "c", "/dev/null", "-o", str(library),
                    f"-Wl,-soname,{DRIVER}"], check=True)
    (packages / "vllm.pth").write_text(
        "import ctypes, os, sys; sys.setdlopenflags(os.RTLD_LAZY); "
        f"ctypes.CDLL({str(library)!r})\n")


def main() -> int:
    # Whoever asks wants the interpreter's path alone on stdout.
    stdout, sys.stdout = sys.stdout, sys.stderr
    python = venvs.ensure("vllm", PINNED)
    packages, = python.parents[1].glob("lib/python*/site-packages")
    fill_in(packages)
    print(python, file=stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
