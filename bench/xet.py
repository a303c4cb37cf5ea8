"""By Xet: clients down and up, plans, dedup queries, bytes of xorbs, memory."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import threading
import time

from bench.ingest import write_weights
from bench.measure import (
    PAIRS, Nginx, Row, commit_lfs, create_repo, interleaved, median_ratio, put_lfs, seconds_of,
)
from bench.serve import nginx_as_hub
from client import Client
from hub import Hub

MIB = 1 << 20
GIB = 1 << 30
NEWEST = "hub-new"
PLANS, QUERIES = 60, 600
STREAMS = 64
XORB_BYTES = 64 * MIB
CHUNK_BYTES = 64 * 1024


def xet(scratch: pathlib.Path, size: int):
    yield from downloads(scratch / "down", size)
    yield from uploads(scratch / "up", size // 4)
    yield from answers(scratch / "answers", 5 * size)
    yield from memory(scratch / "memory")


def timed_pull(endpoint: str, repo: str, size: int, target: pathlib.Path, by_xet: bool) -> float:
    client = Client(NEWEST, endpoint, None, target / "home", xet=by_xet)
    command = [client.bin / "hf", "download", repo, "--local-dir", target / "out"]
    seconds = seconds_of(command, env=client.environment)
    got = (target / "out" / "model.safetensors").stat().st_size
    assert got == size, got
    shutil.rmtree(target)
    return seconds


def downloads(scratch: pathlib.Path, size: int):
    scratch.mkdir(parents=True)
    path = write_weights(scratch / "model.safetensors", size, 1)
    with Hub(scratch / "hub") as hub:
        repo = create_repo(hub, "pull")
        put_lfs(hub, repo, path)
        commit_lfs(hub, repo, {"model.safetensors": path})
        locations = nginx_as_hub(hub, repo, {"model.safetensors": path}, scratch / "answers")
        with Nginx(scratch / "nginx", locations) as nginx:
            def pull(endpoint, by_xet):
                return lambda: timed_pull(endpoint, repo, size, scratch / "target", by_xet)

            for name, other in (("plain HTTP, same hub", hub), ("plain HTTP, nginx", nginx)):
                ours, theirs = interleaved(
                    pull(hub.endpoint, True), pull(other.endpoint, False), PAIRS // 2
                )
                ratio = median_ratio(ours, theirs)
                text = f"{ratio:.2f} × its time ({statistics.median(ours):.2f} s vs "
                text += f"{statistics.median(theirs):.2f} s)"
                yield Row(f"hf download by Xet, {size / GIB:.0f} GiB, against {name}", text)
        yield data_row(hub, repo, path, scratch)
    shutil.rmtree(scratch)


class Cas:
    """The Xet server as a client sees it, on one connection."""

    def __init__(self, hub: Hub, repo: str, kind: str = "read"):
        reply = hub.get(f"/api/models/{repo}/xet-{kind}-token/main").json()
        self.path = reply["casUrl"].removeprefix(hub.endpoint)
        self.headers = {"Authorization": f"Bearer {reply['accessToken']}"}
        self.link = http.client.HTTPConnection(hub.address, timeout=120)

    def get(self, target: str, **headers) -> tuple[bytes, float]:
        start = time.perf_counter()
        self.link.request("GET", self.path + target, headers=self.headers | headers)
        reply = self.link.getresponse()
        body = reply.read()
        seconds = time.perf_counter() - start
        if reply.status not in (200, 206):
            raise RuntimeError(f"{target}: {reply.status} {body[:200]}")
        return body, seconds


def xet_hash(hub: Hub, repo: str, name: str) -> str:
    return hub.request("HEAD", f"/{repo}/resolve/main/{name}").headers["X-Xet-Hash"]


def data_row(hub: Hub, repo: str, path: pathlib.Path, scratch: pathlib.Path) -> Row:
    """Whole xorbs one after another by curl, against as many slices of one file from nginx."""
    cas = Cas(hub, repo)
    plan = json.loads(cas.get(f"/v1/reconstructions/{xet_hash(hub, repo, path.name)}")[0])
    urls = [fetch["url"] for fetches in plan["fetch_info"].values() for fetch in fetches]
    with Nginx(scratch / "nginx-data", f"location = /w {{ alias {path}; }}") as nginx:
        total = path.stat().st_size
        slices = [f"{at}-{min(at + XORB_BYTES, total) - 1}" for at in range(0, total, XORB_BYTES)]
        theirs_text = "\nnext\n".join(
            f'url = "{nginx.endpoint}/w"\nrange = {part}\noutput = "/dev/null"' for part in slices
        )
        ours_text = "\n".join(f'url = "{url}"\noutput = "/dev/null"' for url in urls)
        configs = {"ours": ours_text, "theirs": theirs_text}
        for name, text in configs.items():
            (scratch / name).write_text(text)

        def curl(name):
            return lambda: seconds_of(["curl", "-sSf", "-K", scratch / name])

        ours, theirs = interleaved(curl("ours"), curl("theirs"))
    ratio = median_ratio(theirs, ours)
    speeds = f"{total / statistics.median(ours) / 1e9:.2f} vs "
    speeds += f"{total / statistics.median(theirs) / 1e9:.2f} GB/s"
    text = f"{ratio:.2f} × nginx ({speeds})"
    return Row("Xet data GET, whole xorbs", text, "≥ 0.8", ratio >= 0.8)


def uploads(scratch: pathlib.Path, size: int):
    """New weights, then known ones with a byte in front, each from a client without a memory."""
    scratch.mkdir(parents=True)
    results = {(known, by_xet): [] for known in (False, True) for by_xet in (False, True)}
    with Hub(scratch / "hub") as hub:
        repo = create_repo(hub, "up")
        number = 0
        for turn in range(3):
            for by_xet in (False, True)[:: 1 if turn % 2 == 0 else -1]:
                path = write_weights(scratch / "new.bin", size, 10 + number)
                for known in (False, True):
                    if known:
                        path.write_bytes(b"\1" + path.read_bytes())
                    number += 1
                    home = scratch / f"home{number}"
                    client = Client(NEWEST, hub.endpoint, hub.token, home, xet=by_xet)
                    cpu = hub.cpu_s()
                    command = [client.bin / "hf", "upload", repo, path, f"{number}.bin"]
                    wall = seconds_of(command, env=client.environment)
                    results[known, by_xet].append((wall, hub.cpu_s() - cpu))
                    shutil.rmtree(home)
    for known, what in ((False, "new"), (True, "known")):
        (xet_wall, xet_cpu), (lfs_wall, lfs_cpu) = (
            (statistics.median(column) for column in zip(*results[known, by_xet]))
            for by_xet in (True, False)
        )
        text = f"{xet_wall / lfs_wall:.2f} × LFS's time ({xet_wall:.2f} s vs {lfs_wall:.2f} s), "
        text += f"{size / xet_cpu / 1e9:.2f} vs {size / lfs_cpu / 1e9:.2f} GB per CPU-second"
        yield Row(f"hf upload by Xet, {what} bytes, {size // MIB} MiB", text)
    shutil.rmtree(scratch)


def put_repeated(hub: Hub, repo: str, block: pathlib.Path, times: int) -> tuple[str, int]:
    """One LFS object that is a file's bytes over and over; (oid, size)."""
    digest, size = hashlib.sha256(), 0
    for _ in range(times):
        with block.open("rb") as file:
            while piece := file.read(4 * MIB):
                digest.update(piece)
                size += len(piece)
    objects = [{"oid": digest.hexdigest(), "size": size}]
    body = {"operation": "upload", "transfers": ["basic"], "objects": objects}
    reply = hub.request("POST", f"/{repo}.git/info/lfs/objects/batch", json_body=body).json()
    href = reply["objects"][0]["actions"]["upload"]["href"].removeprefix(hub.endpoint)
    with contextlib.closing(http.client.HTTPConnection(hub.address, timeout=600)) as link:
        link.putrequest("PUT", href)
        link.putheader("Content-Length", str(size))
        link.endheaders()
        for _ in range(times):
            with block.open("rb") as file:
                while piece := file.read(4 * MIB):
                    link.send(piece)
        status = link.getresponse().status
    if status != 200:
        raise RuntimeError(f"PUT: {status}")
    return digest.hexdigest(), size


def answers(scratch: pathlib.Path, size: int):
    """What is small but must be quick. The file's xorbs all differ, as its period is no xorb's."""
    scratch.mkdir(parents=True)
    block = write_weights(scratch / "block.bin", size // 10, 5)
    with Hub(scratch / "hub") as hub:
        repo = create_repo(hub, "answers")
        oid, total = put_repeated(hub, repo, block, 10)
        value = {"path": "w.bin", "algo": "sha256", "oid": oid, "size": total}
        lines = [{"key": "header", "value": {"summary": "w"}}, {"key": "lfsFile", "value": value}]
        body = "\n".join(map(json.dumps, lines)).encode()
        kind = {"Content-Type": "application/x-ndjson"}
        hub.request("POST", f"/api/models/{repo}/commit/main", body=body, headers=kind)
        cas, name = Cas(hub, repo), xet_hash(hub, repo, "w.bin")
        for version in (1, 2):
            times = [cas.get(f"/v{version}/reconstructions/{name}")[1] for _ in range(PLANS)]
            median = statistics.median(times) * 1e3
            text = f"{median:.1f} ms (slowest of {PLANS}: {max(times) * 1e3:.1f} ms)"
            label = f"reconstruction, version {version}, of {total / 1e9:.1f} GB"
            yield Row(label, text, "< 20 ms", median < 20)
        yield dedup_row(hub, repo, cas, name, block, scratch)
    shutil.rmtree(scratch)


def dedup_row(hub: Hub, repo: str, cas: Cas, name: str, block: pathlib.Path, scratch) -> Row:
    """The file's first chunk is asked for. A xorb of one chunk has that chunk's hash."""
    plan = json.loads(cas.get(f"/v1/reconstructions/{name}", Range="bytes=0-0")[0])
    first = scratch / "first.bin"
    with block.open("rb") as file:
        first.write_bytes(file.read(plan["terms"][0]["unpacked_length"]))
    put_lfs(hub, repo, first)
    commit_lfs(hub, repo, {"first.bin": first})
    alone = json.loads(cas.get(f"/v1/reconstructions/{xet_hash(hub, repo, 'first.bin')}")[0])
    chunk = alone["terms"][0]["hash"]
    times, sizes = [], []
    for _ in range(QUERIES):
        shard, seconds = cas.get(f"/v1/chunks/default/{chunk}")
        times.append(seconds)
        sizes.append(len(shard))
    p99 = sorted(times)[int(QUERIES * 0.99)] * 1e3
    text = f"p99 {p99:.1f} ms, median {statistics.median(times) * 1e3:.1f} ms "
    text += f"({statistics.median(sizes) / 1e3:.0f} kB of shard)"
    return Row("dedup query that is answered", text, "p99 < 5 ms", p99 < 5)


def xorb_body() -> bytes:
    """A xorb of chunks that do not compress."""
    chunks = XORB_BYTES // CHUNK_BYTES
    length = struct.pack("<I", CHUNK_BYTES)[:3]
    head = b"\0" + length + b"\0" + length
    return b"".join(head + os.urandom(CHUNK_BYTES) for _ in range(chunks))


def memory(scratch: pathlib.Path):
    """64 xorbs at once, of another hash than they say: all is decoded and stored before the end."""
    scratch.mkdir(parents=True)
    body = xorb_body()
    with Hub(scratch / "hub") as hub:
        repo = create_repo(hub, "memory")
        put_lfs(hub, repo, write_weights(scratch / "w.bin", 4 * XORB_BYTES, 3))
        commit_lfs(hub, repo, {"w.bin": scratch / "w.bin"})
        peak, own, done, statuses = [0], [0], threading.Event(), []

        def watch():
            while not done.wait(0.05):
                peak[0] = max(peak[0], hub.rss_bytes())
                own[0] = max(own[0], hub.rss_bytes(mapped=False))

        def send():
            cas = Cas(hub, repo, "write")
            target = f"{cas.path}/v1/xorbs/default/{'0' * 63}1"
            cas.link.request("POST", target, body=body, headers=cas.headers)
            statuses.append(cas.link.getresponse().status)

        watcher = threading.Thread(target=watch)
        watcher.start()
        threads = [threading.Thread(target=send) for _ in range(STREAMS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        cas = Cas(hub, repo)
        plan = json.loads(cas.get(f"/v1/reconstructions/{xet_hash(hub, repo, 'w.bin')}")[0])
        urls = [fetch["url"] for fetches in plan["fetch_info"].values() for fetch in fetches]
        pulls = [
            subprocess.Popen(["curl", "-sSf", "-o", "/dev/null", urls[n % len(urls)]])
            for n in range(STREAMS)
        ]
        codes = [pull.wait(300) for pull in pulls]
        done.set()
        watcher.join(10)
    if statuses != [400] * STREAMS or any(codes):
        raise RuntimeError(f"uploads {statuses}, downloads {codes}")
    text = f"{peak[0] / MIB:.0f} MiB ({own[0] / MIB:.0f} MiB without mapped files)"
    shutil.rmtree(scratch)
    yield Row(f"memory, {STREAMS} xorbs up, then down", text, "≤ 400 MiB", peak[0] <= 400 * MIB)
