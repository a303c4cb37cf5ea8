"""Bytes in: LFS PUTs of new and of known bytes, per CPU-second of waagd; memory."""

import pathlib
import shutil
import statistics
import subprocess
import threading

import numpy
from bench.measure import PAIRS, Row, commit_lfs, create_repo, put_lfs
from hub import Hub

import make_models

MIB = 1 << 20
TRANSFERS = 64


def write_weights(path: pathlib.Path, size: int, seed: int) -> pathlib.Path:
    random = numpy.random.default_rng(seed)
    with path.open("wb") as file:
        for block in make_models.bf16_bytes(random, size // 2):
            file.write(block)
    return path


def put_cost(hub: Hub, repo: str, path: pathlib.Path) -> tuple[float, float]:
    """(GB per CPU-second of waagd, GB per second) of one durable PUT."""
    size, cpu = path.stat().st_size, hub.cpu_s()
    wall = put_lfs(hub, repo, path)
    return size / 1e9 / (hub.cpu_s() - cpu), size / 1e9 / wall


def ingest(scratch: pathlib.Path, size: int):
    """New BF16 weights, then the same with one byte in front: another file, known chunks."""
    new, known = [], []
    with Hub(scratch / "ingest") as hub:
        repo = create_repo(hub, "ingest")
        for seed in range(PAIRS):
            path = write_weights(scratch / "new.bin", size, seed)
            new.append(put_cost(hub, repo, path))
            again = scratch / "known.bin"
            again.write_bytes(b"\1" + path.read_bytes())
            known.append(put_cost(hub, repo, again))
    shutil.rmtree(scratch / "ingest")
    for name, costs, goal in (("new", new, 0.7), ("known", known, 0.9)):
        cpu, wall = (statistics.median(column) for column in zip(*costs))
        text = f"{cpu:.2f} GB per CPU-second ({wall:.2f} GB/s wall)"
        yield Row(f"LFS PUT, {name} bytes, {size // MIB} MiB", text, f"≥ {goal}", cpu >= goal)


def memory(scratch: pathlib.Path, size: int):
    """Memory idle, and its peak with 64 downloads, then 64 uploads at once."""
    path = write_weights(scratch / "memory.bin", size, 99)
    parts = [write_weights(scratch / f"part{n}", size // 8, 100 + n) for n in range(TRANSFERS)]
    with Hub(scratch / "memory") as hub:
        idle = hub.rss_bytes()
        repo = create_repo(hub, "memory")
        put_lfs(hub, repo, path)
        commit_lfs(hub, repo, {"w.bin": path})
        peak, own, done = [0], [0], threading.Event()

        def watch():
            while not done.wait(0.05):
                peak[0] = max(peak[0], hub.rss_bytes())
                own[0] = max(own[0], hub.rss_bytes(mapped=False))

        watcher = threading.Thread(target=watch)
        watcher.start()
        url = f"{hub.endpoint}/{repo}/resolve/main/w.bin"
        get = ["curl", "-sSf", "-o", "/dev/null", url]
        pulls = [subprocess.Popen(get) for _ in range(TRANSFERS)]
        codes = [pull.wait(300) for pull in pulls]
        pushes = [threading.Thread(target=put_lfs, args=(hub, repo, part)) for part in parts]
        for push in pushes:
            push.start()
        for push in pushes:
            push.join(300)
        done.set()
        watcher.join(10)
    if any(codes):
        raise RuntimeError(f"downloads failed: {codes}")
    yield Row("memory idle", f"{idle / MIB:.0f} MiB", "≤ 150 MiB", idle <= 150 * MIB)
    text = f"{peak[0] / MIB:.0f} MiB ({own[0] / MIB:.0f} MiB without mapped files)"
    yield Row(f"memory, {TRANSFERS} transfers", text, "≤ 400 MiB", peak[0] <= 400 * MIB)
