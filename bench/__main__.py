"""make bench: the table of docs/BENCHMARKS.md. BENCH=--write writes it, --quick rehearses."""

import argparse
import datetime
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import measure  # noqa: E402
from bench.convert import convert  # noqa: E402
from bench.growth import growth  # noqa: E402
from bench.ingest import ingest, memory  # noqa: E402
from bench.mirror import mirror  # noqa: E402
from bench.serve import big_file, client_pull, requests  # noqa: E402
from bench.xet import xet  # noqa: E402

GIB = 1 << 30


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return f"{cpu}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, Linux {platform.release()}"


def report(rows: list[measure.Row]) -> str:
    mark = {True: "met", False: "missed", None: ""}
    lines = ["| what | measured | goal | |", "|---|---|---|---|"]
    lines += [f"| {r.name} | {r.value} | {r.goal} | {mark[r.met]} |" for r in rows]
    return "\n".join(lines)


def document(rows: list[measure.Row]) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    return (
        "# Benchmarks\n\n"
        f"Written by `make bench BENCH=--write`. {datetime.date.today()}, commit {commit},\n"
        f"{machine()}.\n\n"
        "Client and server share the machine and its loopback. Ratios are medians of\n"
        f"{measure.PAIRS} interleaved pairs (conversions: 3) on warm caches; nginx serves the\n"
        "same bytes with sendfile on. CPU seconds are those of waagd, user and system. Memory is\n"
        "resident memory, mapped packs included. Rows with an arrow: one request at two sizes;\n"
        "its time may grow as its answer does.\n\n" + report(rows) + "\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/BENCHMARKS.md")
    parser.add_argument("--quick", action="store_true", help="small files: tries the scripts only")
    parser.add_argument("--only", default="", help="names of parts, comma-separated")
    parser.add_argument("--scratch", default=None, help="folder for data (default: temporary)")
    options = parser.parse_args()
    size = GIB // 8 if options.quick else GIB
    parts = {
        "curl": lambda at: big_file(at, 2 * size),
        "hf": lambda at: client_pull(at, size),
        "requests": requests,
        "ingest": lambda at: ingest(at, size // 2),
        "memory": lambda at: memory(at, size // 4),
        "xet": lambda at: xet(at, 2 * size),
        "mirror": lambda at: mirror(at, size // 4),
        "growth": lambda at: growth(at, options.quick),
        "convert": lambda at: convert(at, options.quick),
    }
    chosen = [name for name in options.only.split(",") if name] or list(parts)
    rows: list[measure.Row] = []
    with tempfile.TemporaryDirectory(prefix="waag-bench-", dir=options.scratch) as scratch:
        for name in chosen:
            at = pathlib.Path(scratch) / name
            at.mkdir()
            for row in parts[name](at):
                print(f"{row.name}: {row.value}", flush=True)
                rows.append(row)
    print("\n" + report(rows))
    if options.write:
        (ROOT / "docs" / "BENCHMARKS.md").write_text(document(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
