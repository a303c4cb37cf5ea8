"""Which versions of huggingface_hub a run uses.

Every run has two of them: an old and a new one, which rotate from commit to commit, so that the
same commit always meets the same two and sixteen commits meet all pairs. WAAG_CLIENTS chooses
otherwise: names with commas between them, or `all` (make reliability).
"""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLD = ("hub-0.25", "hub-0.30", "hub-0.34", "hub-0.36")
NEW = ("hub-1.0", "hub-1.10", "hub-1.19", "hub-new")
ALL = OLD + NEW
# Those that come with an hf_xet of their time: 1.1.9 and its old routes, 1.2, 1.4, 1.5, newest.
XET = ("hub-0.34", "hub-0.36", "hub-1.10", "hub-1.19", "hub-new")
# Those that tests and benchmarks call by name: 0.36 is the last that resumes downloads and keeps
# the old commands, the newest one is what people install.
NAMED = ("hub-0.36", "hub-new")
NEWEST = ("hub-new",)


def chosen() -> tuple[str, ...]:
    """In the order of their age."""
    asked = os.environ.get("WAAG_CLIENTS", "")
    if not asked:
        return rotated(commit_count())
    names = ALL if asked == "all" else asked.split(",")
    unknown = set(names) - set(ALL)
    if unknown:
        raise ValueError(f"WAAG_CLIENTS: {sorted(unknown)} are not among {ALL}")
    return tuple(name for name in ALL if name in names)


def chosen_xet(always: tuple[str, ...] = NAMED) -> tuple[str, ...]:
    """`always`, which every run has; of a run that chooses, those of its choice."""
    if not os.environ.get("WAAG_CLIENTS", ""):
        return always
    return tuple(name for name in chosen() if name in XET) or always


def rotated(count: int) -> tuple[str, str]:
    return OLD[count % len(OLD)], NEW[count // len(OLD) % len(NEW)]


def commit_count() -> int:
    """Commits before this one; 0 in a tree without git."""
    done = subprocess.run(
        ["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return int(done.stdout) if done.returncode == 0 else 0


def crosswise(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(writer, reader): the newest of `names` with each of the others, both ways."""
    *others, newest = names
    return [pair for other in others for pair in ((other, newest), (newest, other))]
