"""Makes the Python environments of the tests, the demo and the benchmarks, once, under .venvs.

One environment per file in tests/requirements, and of those in tests/requirements/matrix the ones
that this run has (versions.py). An environment is made again when its file changes. Nothing is
downloaded when all of them are up to date. The packages of tests/requirements/javascript go to
.venvs/javascript; Node itself comes from PyPI too, as Debian's npm pulls in half of its archive.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import venv

import versions

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENVS = ROOT / ".venvs"
PIP = "-m pip --disable-pip-version-check --no-input --quiet install --retries 5".split()


def ensure(name: str, *requirements: pathlib.Path) -> pathlib.Path:
    """The interpreter of an up-to-date environment `name` with all that `requirements` list."""
    VENVS.mkdir(exist_ok=True)
    folder = VENVS / name
    stamp = folder / "stamp"
    wanted = identity(folder, requirements)
    if not stamp.is_file() or stamp.read_text() != wanted:
        make(folder, requirements)
        stamp.write_text(wanted)
    return folder / "bin" / "python"


def identity(folder: pathlib.Path, requirements) -> str:
    """Changes with the requirements, the place and Python's version."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in requirements)).hexdigest()
    return f"{digest} {folder} {sys.version}\n"


def make(folder: pathlib.Path, requirements) -> None:
    print(f"venvs: {folder.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    files = [argument for file in requirements for argument in ("-r", str(file))]
    # Every package is named with its version: resolving must not pull in what nobody has tested.
    subprocess.run([python, *PIP, "--no-deps", *files], check=True)


def ensure_javascript(source: pathlib.Path) -> pathlib.Path:
    """The folder with the packages that `source`, a folder of package files, names."""
    folder, npm = VENVS / source.name, VENVS / "node" / "bin" / "npm"
    files = sorted(source.glob("package*.json"))
    wanted, stamp = identity(folder, files), folder / "stamp"
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder
    print(f"venvs: {folder.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in files:
        shutil.copy(file, folder)
    options = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([npm, "ci", *options], cwd=folder, check=True)
    stamp.write_text(wanted)
    return folder


def has_cuda_compiler() -> bool:
    """Whether cmake/cuda_compiler.cmake finds one on this machine; else PyPI's is installed."""
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    folders = [pathlib.Path(home) / "bin" for home in homes if home]
    return "CUDACXX" in os.environ or bool(
        shutil.which("nvcc") or any((folder / "nvcc").is_file() for folder in folders))


def main() -> int:
    chosen = versions.chosen()
    print(f"clients of this run: {' '.join(chosen)} (WAAG_CLIENTS=… chooses others)", flush=True)
    folder = ROOT / "tests" / "requirements"
    matrix = [file for file in folder.glob("matrix/*.txt") if file.stem in chosen]
    for requirements in sorted([*folder.glob("*.txt"), *matrix]):
        if requirements.stem != "cuda" or not has_cuda_compiler():
            ensure(requirements.stem, requirements)
    ensure_javascript(folder / "javascript")
    return 0


if __name__ == "__main__":
    sys.exit(main())
