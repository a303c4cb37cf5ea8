"""Makes the Python environments of the tests, the demo and the benchmarks, once, under .venvs.

One environment per file in tests/requirements. An environment is made again when its file changes.
Nothing is downloaded when all of them are up to date.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENVS = ROOT / ".venvs"
PIP = "-m pip --disable-pip-version-check --no-input --quiet install --retries 5".split()


def fresh(folder: pathlib.Path, requirements: pathlib.Path) -> bool:
    """True if `folder` was made completely, at this place, from these requirements."""
    stamp = folder / "stamp"
    return stamp.is_file() and stamp.read_text() == identity(folder, requirements)


def identity(folder: pathlib.Path, requirements: pathlib.Path) -> str:
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{digest} {folder} {sys.version}\n"


def make(folder: pathlib.Path, requirements: pathlib.Path) -> None:
    print(f"venvs: {folder.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    # Every package is named with its version: resolving must not pull in what nobody has tested.
    subprocess.run([python, *PIP, "--no-deps", "-r", str(requirements)], check=True)
    (folder / "stamp").write_text(identity(folder, requirements))


def main() -> int:
    VENVS.mkdir(exist_ok=True)
    for requirements in sorted((ROOT / "tests" / "requirements").glob("*.txt")):
        folder = VENVS / requirements.stem
        if not fresh(folder, requirements):
            make(folder, requirements)
    return 0


if __name__ == "__main__":
    sys.exit(main())
