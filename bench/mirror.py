"""A hub as a mirror: warm against Olah and nginx's proxy_cache, cold against going direct over a
long link, and sixteen clients of one cold file."""

import contextlib
import hashlib
import http.client
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from bench.caches import Olah, nginx_cache, without_last_slash
from bench.link import Link
from bench.measure import (
    PAIRS, Row, commit_lfs, median_ratio, put_lfs, seconds_of, sha256_of,
)
from bench.serve import write_noise
from client import Client
from hub import Hub
from versions import NAMED

MIB = 1 << 20
OWNER = "acme"  # not the admin: a mirror has a namespace of that name of its own
NAME = "model.safetensors"
DELAY_S = 0.02
LINK_BYTES_S = 50e6
CLIENTS, CROWDS = 16, 3
TTFB_MS = 50


def mirror(scratch: pathlib.Path, size: int):
    yield from warm(scratch / "warm", size)
    yield from cold(scratch / "cold", size // 4)


def upstream_repo(hub: Hub, name: str, path: pathlib.Path) -> str:
    """A repo of OWNER with that one file."""
    repo = f"{OWNER}/{name}"
    body = {"name": name, "organization": OWNER}
    made = hub.request("POST", "/api/repos/create", json_body=body)
    if made.status != 200:
        raise RuntimeError(f"create {repo}: {made.status} {made.body}")
    put_lfs(hub, repo, path)
    commit_lfs(hub, repo, {NAME: path})
    return repo


def rounds(actions: dict, count: int = PAIRS) -> dict[str, list[float]]:
    """Each once to warm up, then all in turn, every time another one first."""
    for action in actions.values():
        action()
    out: dict[str, list[float]] = {name: [] for name in actions}
    names = list(actions)
    for turn in range(count):
        for name in names[turn % len(names):] + names[: turn % len(names)]:
            out[name].append(actions[name]())
    return out


# --- warm ---

def warm(scratch: pathlib.Path, size: int):
    scratch.mkdir(parents=True)
    path = write_noise(scratch / NAME, size)
    with contextlib.ExitStack() as running:
        origin = running.enter_context(Hub(scratch / "origin"))
        origin.cli("org", "create", OWNER)
        repo = upstream_repo(origin, "warm", path)
        settings = {"upstream.urls": origin.endpoint}
        mirrors = {
            "ours": running.enter_context(Hub(scratch / "ours", settings)),
            "nginx": running.enter_context(nginx_cache(scratch / "nginx", origin.address)),
        }
        try:
            front = running.enter_context(without_last_slash(scratch / "front", origin.address))
            address = front.endpoint.removeprefix("http://")
            mirrors["Olah"] = running.enter_context(Olah(scratch / "olah", address))
        except RuntimeError as error:
            yield Row("warm pulls against Olah", f"not measured: {error}")
        ends = {name: each.endpoint for name, each in mirrors.items()}
        what = f"mirrored {size // MIB} MiB, warm"
        yield from compare(f"{what}, curl", size, ends, lambda end: curl(end, repo))
        target = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else scratch
        target = target / f"waag-bench-{os.getpid()}"
        for version in NAMED:
            def pull(end, version=version):
                return hf_pull(version, end, repo, target, path)

            yield from compare(f"{what}, hf download, {version}", size, ends, pull)
    shutil.rmtree(scratch)


def curl(endpoint: str, repo: str) -> float:
    url = f"{endpoint}/{repo}/resolve/main/{NAME}"
    return seconds_of(["curl", "-sSf", "-o", "/dev/null", url])


def hf_pull(version: str, endpoint: str, repo: str, target: pathlib.Path, whole) -> float:
    client = Client(version, endpoint, None, target / "home")
    command = [client.bin / "hf", "download", repo, "--local-dir", target / "out"]
    try:
        seconds = seconds_of(command, env=client.environment)
        got = (target / "out" / NAME).stat().st_size
        assert got == whole.stat().st_size, got
        return seconds
    finally:
        shutil.rmtree(target, ignore_errors=True)


def compare(what: str, size: int, ends: dict[str, str], pull):
    """Rows of ours against each other mirror that can do this at all."""
    able = {}
    for name, end in ends.items():
        try:
            pull(end)
            able[name] = lambda end=end: pull(end)
        except subprocess.CalledProcessError as error:
            if name == "ours":
                raise
            lines = error.stderr.decode(errors="replace").strip().splitlines() or ["no word"]
            yield Row(f"{what}, against {name}", f"not measured, it fails: {lines[-1][:200]}")
    times = rounds(able)
    ours = times.pop("ours")
    for name, theirs in times.items():
        ratio = median_ratio(ours, theirs)
        a, b = statistics.median(ours), statistics.median(theirs)
        text = f"{ratio:.2f} × its time ({a:.2f} s vs {b:.2f} s; "
        text += f"{size / a / 1e9:.2f} vs {size / b / 1e9:.2f} GB/s)"
        yield Row(f"{what}, against {name}", text)


# --- cold ---

def cold(scratch: pathlib.Path, size: int):
    scratch.mkdir(parents=True)
    capped, free, crowds = PAIRS + 1, PAIRS, CROWDS
    files = {f"cold{n}": write_noise(scratch / f"{n}.bin", size)
             for n in range(capped + free + crowds)}
    small = {f"small{n}": write_noise(scratch / f"s{n}.bin", 4 * MIB) for n in range(PAIRS)}
    with Hub(scratch / "origin") as origin:
        origin.cli("org", "create", OWNER)
        hashes = {upstream_repo(origin, name, path): sha256_of(path)
                  for name, path in (files | small).items()}
        repos = list(hashes)[: len(files)]
        for path in (files | small).values():
            path.unlink()
        how = f"{DELAY_S * 1e3:.0f} ms each way, {LINK_BYTES_S / 1e6:.0f} MB/s"
        with Link(origin.address, DELAY_S, LINK_BYTES_S) as link, \
                mirror_of_link(link, scratch / "capped") as hub:
            for address in (link.address, hub.address):
                timed_get(address, repos[0])  # warm: connections, the CPU's clock
            alone: list[float] = []
            yield from pulls(f"cold {size // MIB} MiB, {how}", link, hub,
                             {repo: hashes[repo] for repo in repos[1:capped]}, alone)
            yield from strangers(link, hub, list(hashes)[len(files):])
            yield from crowd(link, hub, repos[capped + free:], size, alone)
        with Link(origin.address, DELAY_S) as link, \
                mirror_of_link(link, scratch / "free") as hub:
            some = {repo: hashes[repo] for repo in repos[capped: capped + free]}
            how = f"cold {size // MIB} MiB, {DELAY_S * 1e3:.0f} ms each way, no cap"
            yield from pulls(how, link, hub, some, [], goal=False)
    shutil.rmtree(scratch)


def mirror_of_link(link: Link, data: pathlib.Path) -> Hub:
    return Hub(data, {"upstream.urls": link.endpoint})


def known(hub: Hub, repo: str) -> None:
    """As clients do first: so its tree is here, and none of its bytes."""
    answer = hub.request("HEAD", f"/{repo}/resolve/main/{NAME}", token=None)
    assert answer.status == 200, answer.status


def timed_get(address: str, repo: str) -> tuple[float, float, str]:
    """(seconds to the first byte of the body, to its last, its SHA-256)."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=120)) as link:
        start = time.perf_counter()
        link.request("GET", f"/{repo}/resolve/main/{NAME}")
        reply = link.getresponse()
        if reply.status != 200:
            raise RuntimeError(f"{repo}: {reply.status}")
        parts = [reply.read(1)]
        first = time.perf_counter() - start
        while part := reply.read1(MIB):
            parts.append(part)
        whole = time.perf_counter() - start
    return first, whole, hashlib.sha256(b"".join(parts)).hexdigest()


def pulls(what: str, link: Link, hub: Hub, hashes: dict, alone: list, goal: bool = True):
    """Each repo once direct and once through the hub, which knows its tree and no byte."""
    ours, theirs = [], []
    for turn, (repo, digest) in enumerate(hashes.items()):
        known(hub, repo)
        for address, out in ((hub.address, ours), (link.address, theirs))[:: 1 - 2 * (turn % 2)]:
            first, whole, got = timed_get(address, repo)
            if got != digest:
                raise RuntimeError(f"{repo}: other bytes")
            out.append((first, whole))
    alone += [whole for _, whole in ours]
    wall, direct = ([whole for _, whole in each] for each in (ours, theirs))
    ratio = median_ratio(wall, direct)
    text = f"{ratio:.2f} × direct ({statistics.median(wall):.2f} s vs "
    text += f"{statistics.median(direct):.2f} s)"
    yield Row(what, text, "≤ 1.1" if goal else "", ratio <= 1.1 if goal else None)
    yield first_byte(f"{what}, first byte", [first for first, _ in ours],
                     [first for first, _ in theirs], goal)


def first_byte(what: str, ours: list[float], theirs: list[float], goal: bool) -> Row:
    more = statistics.median(a - b for a, b in zip(ours, theirs)) * 1e3
    text = f"{more:+.0f} ms ({statistics.median(ours) * 1e3:.0f} ms vs "
    text += f"{statistics.median(theirs) * 1e3:.0f} ms direct, "
    text += f"{median_ratio(ours, theirs):.2f} ×)"
    return Row(what, text, f"≤ +{TTFB_MS} ms" if goal else "", more <= TTFB_MS if goal else None)


def strangers(link: Link, hub: Hub, repos: list[str]):
    """Files of repos that the hub has never heard of: it asks for their trees first."""
    ours, theirs = [], []
    for repo in repos:
        theirs.append(timed_get(link.address, repo)[0])
        ours.append(timed_get(hub.address, repo)[0])
    yield first_byte("first byte of a file of an unknown repo", ours, theirs, False)


def crowd(link: Link, hub: Hub, repos: list[str], size: int, alone: list[float]):
    sent, walls = [], []
    for repo in repos:
        known(hub, repo)
        time.sleep(1)  # its history comes meanwhile, which is not the file's
        before, start = link.down_bytes, time.perf_counter()
        url = f"{hub.endpoint}/{repo}/resolve/main/{NAME}"
        command = ["curl", "-sSf", "-o", "/dev/null", "-w", "%{size_download}", url]
        clients = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(CLIENTS)]
        got = [client.communicate(timeout=300)[0] for client in clients]
        walls.append(time.perf_counter() - start)
        if got != [str(size).encode()] * CLIENTS:
            raise RuntimeError(f"{repo}: {got}")
        sent.append((link.down_bytes - before) / size)
    ratio = statistics.median(sent)
    text = f"{ratio:.3f} × the file (heads included)"
    what = f"{CLIENTS} cold clients of one file"
    yield Row(f"{what}, sent by the upstream", text, "1.0", ratio < 1.01)
    wall, one = statistics.median(walls), statistics.median(alone)
    text = f"{wall / one:.2f} × one client's ({wall:.2f} s vs {one:.2f} s)"
    yield Row(f"{what}, time", text)
