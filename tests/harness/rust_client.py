"""The Rust crate hf-hub in two versions: a small program around each (rust/), built once.

The locks in rust/ name every crate with its version and checksum, not the registry, which a mirror
may replace: where crates come from is what cargo itself writes into a fresh lock.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

from client import CALL_S, ROOT

SOURCES = pathlib.Path(__file__).with_name("rust")
BUILT = ROOT / ".venvs" / "rust"
BUILD_S = 1800


def ensure(version: str) -> pathlib.Path:
    """The program around `version`; takes minutes the first time."""
    source, folder = SOURCES / version, BUILT / version
    cargo = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True)
    files = [file.read_bytes() for file in sorted(source.iterdir())]
    wanted = hashlib.sha256(b"\0".join([cargo.stdout.encode(), *files])).hexdigest()
    stamp, program = folder / "stamp", folder / "target" / "release" / "client"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"building {version}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        lock(folder)
        build = ["cargo", "build", "--quiet", "--release", "--locked"]
        subprocess.run(build, cwd=folder, check=True, timeout=BUILD_S)
        stamp.write_text(wanted)
    return program


def lock(folder: pathlib.Path) -> None:
    """Writes Cargo.lock: the fixed packages, from the registry that this cargo uses."""
    subprocess.run(["cargo", "generate-lockfile", "--quiet"], cwd=folder, check=True)
    fresh = (folder / "Cargo.lock").read_text().splitlines()
    source = next(line for line in fresh if line.startswith("source = "))
    lines = []
    for line in (folder / "packages.lock").read_text().splitlines():
        lines += [source, line] if line.startswith("checksum = ") else [line]
    (folder / "Cargo.lock").write_text("\n".join(lines) + "\n")


class RustClient:
    def __init__(self, version: str, endpoint: str, token: str | None, home: pathlib.Path):
        self.program, self.home = ensure(version), home
        # 0.4 leads plain HTTP through a proxy for HTTPS, and knows no exceptions.
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith("HF_") and not k.lower().endswith("_proxy")}
        self.environment = kept | {"HF_ENDPOINT": endpoint, "HF_HOME": str(home)}
        if token:
            self.environment["HF_TOKEN"] = token

    def run(self, *words) -> list[str]:
        """The lines that the program prints; RuntimeError with its message if it fails."""
        done = subprocess.run(
            [self.program, *map(str, words)], env=self.environment, capture_output=True,
            text=True, timeout=CALL_S,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-3000:])
        return done.stdout.splitlines()
