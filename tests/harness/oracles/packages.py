"""What the oracles' environments and downloads have in common: packages of PyPI, pinned by hash."""

import pathlib
import subprocess
import sys
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "tests" / "requirements" / "oracles"
sys.path.insert(0, str(ROOT / "tests" / "harness"))

import venvs  # noqa: E402


def download(pinned: pathlib.Path, into: pathlib.Path, *options: str) -> pathlib.Path:
    """The one package that `pinned` names, as the index has it."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download",
         "--no-deps", *options, "--require-hashes", "--retries", "5", "-r", str(pinned),
         "-d", str(into)],
        check=True, stdout=sys.stderr)
    package, = into.iterdir()
    return package


def empty_library(path: pathlib.Path) -> None:
    """One that can be loaded in the place of another of that name, and has nothing in it."""
    subprocess.run(["cc", "-shared", "-x", "c", "/dev/null", "-o", str(path),
                    f"-Wl,-soname,{path.name}"], check=True)


def print_environment(name: str, fill_in: Callable[[pathlib.Path], None]) -> int:
    """Makes .venvs/NAME of NAME.txt, once, and prints its Python; `fill_in` is given the folder of
    its packages."""
    # Whoever asks wants the interpreter's path alone on stdout.
    stdout, sys.stdout = sys.stdout, sys.stderr
    python = venvs.ensure(name, REQUIREMENTS / f"{name}.txt")
    packages, = python.parents[1].glob("lib/python*/site-packages")
    fill_in(packages)
    print(python, file=stdout)
    return 0
