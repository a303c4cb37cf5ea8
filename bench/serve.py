"""Bytes out: curl and `hf download` from waagd and from nginx, warm; requests per second."""

import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import time

from bench.measure import (
    Nginx, Row, commit_lfs, create_repo, interleaved, median_ratio, put_lfs, seconds_of,
)
from client import Client
from hub import Hub
from versions import NAMED

WRK_S = 8
WRK_CONNECTIONS = 16
HEADS_AHEAD = 16
HEADS_PER_LINK = 4800
GIB = 1 << 30


def write_noise(path: pathlib.Path, size: int) -> pathlib.Path:
    with path.open("wb") as file:
        for _ in range(size >> 22):
            file.write(os.urandom(1 << 22))
    return path


def curl_pairs(hub: Hub, nginx: Nginx, target: str) -> tuple[float, float, float]:
    """(ratio of throughputs waagd/nginx, waagd's and nginx's median seconds)."""
    def get(endpoint):
        return lambda: seconds_of(["curl", "-sSf", "-o", "/dev/null", endpoint + target])

    ours, theirs = interleaved(get(hub.endpoint), get(nginx.endpoint))
    return median_ratio(theirs, ours), statistics.median(ours), statistics.median(theirs)


def big_file(scratch: pathlib.Path, size: int):
    """curl of one large file, by both ways out."""
    path = write_noise(scratch / "big.bin", size)
    hub = Hub(scratch / "big")
    with hub:
        repo = create_repo(hub, "big")
        put_lfs(hub, repo, path)
        commit_lfs(hub, repo, {"big.bin": path})
    target = f"/{repo}/resolve/main/big.bin"
    with Nginx(scratch / "nginx-big", f"location = {target} {{ alias {path}; }}") as nginx:
        for way in ("sendfile", "extents", "auto"):
            hub.settings["server.send_path"] = way
            with hub:
                ratio, ours, theirs = curl_pairs(hub, nginx, target)
            speeds = f"{size / ours / 1e9:.2f} vs {size / theirs / 1e9:.2f} GB/s"
            name = f"curl to /dev/null, {size / GIB:.0f} GiB, {way}"
            yield Row(name, f"{ratio:.2f} × nginx ({speeds})", "≥ 0.9", ratio >= 0.9)
    shutil.rmtree(hub.data)


def nginx_as_hub(hub: Hub, repo: str, files: dict, folder: pathlib.Path) -> str:
    """Locations that answer one repository's downloads as the hub does, from plain files."""
    folder.mkdir(parents=True, exist_ok=True)
    info = hub.get(f"/api/models/{repo}/revision/main").json()
    commit, locations = info["sha"], []

    def fixed(name, url, value):
        (folder / name).write_text(json.dumps(value))
        body = f"default_type application/json; alias {folder}/{name};"
        locations.append(f"location = {url} {{ {body} }}")

    fixed("info", f"/api/models/{repo}/revision/main", info)
    tree = hub.get(f"/api/models/{repo}/tree/{commit}?recursive=true&expand=false").json()
    fixed("tree", f"/api/models/{repo}/tree/{commit}", tree)
    for row in tree:
        if row["type"] != "file":
            continue
        name = row["path"]
        if name not in files:
            files[name] = folder / f"file-{len(files)}"
            files[name].write_bytes(hub.get(f"/{repo}/resolve/main/{name}").body)
        etag = (row.get("lfs") or row)["oid"]
        for revision in ("main", commit):
            locations.append(
                f"location = /{repo}/resolve/{revision}/{name} {{ etag off; alias {files[name]}; "
                f"default_type application/octet-stream; add_header ETag '\"{etag}\"'; "
                f"add_header X-Repo-Commit {commit}; add_header X-Linked-Size {row['size']}; "
                f"add_header X-Linked-ETag '\"{etag}\"'; }}"
            )
    return "\n".join(locations)


def client_pull(scratch: pathlib.Path, size: int):
    """`hf download` into a folder in memory, so that the client's disk is not measured."""
    path = write_noise(scratch / "pull.bin", size)
    target = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else scratch
    target = target / f"waag-bench-{os.getpid()}"
    with Hub(scratch / "pull") as hub:
        repo = create_repo(hub, "pull")
        put_lfs(hub, repo, path)
        commit_lfs(hub, repo, {"model.safetensors": path})
        locations = nginx_as_hub(hub, repo, {"model.safetensors": path}, scratch / "answers")
        with Nginx(scratch / "nginx-pull", locations) as nginx:
            for version in NAMED:
                def pull(endpoint, version=version):
                    client = Client(version, endpoint, None, target / "home")
                    command = [client.bin / "hf", "download", repo, "--local-dir", target / "out"]
                    seconds = seconds_of(command, env=client.environment)
                    got = (target / "out" / "model.safetensors").stat().st_size
                    assert got == size, got
                    shutil.rmtree(target)
                    return seconds

                ours, theirs = interleaved(lambda: pull(hub.endpoint), lambda: pull(nginx.endpoint))
                ratio = median_ratio(ours, theirs)
                text = f"{ratio:.2f} × nginx's time ({statistics.median(ours):.2f} s vs "
                text += f"{statistics.median(theirs):.2f} s)"
                name = f"hf download, {size / GIB:.0f} GiB, {version}"
                yield Row(name, text, "≤ 1.1", ratio <= 1.1)
    shutil.rmtree(scratch / "pull")


def wrk(hub: Hub, target: str) -> float:
    """GETs per second as wrk counts them."""
    command = ["wrk", "-t1", f"-c{WRK_CONNECTIONS}", f"-d{WRK_S}s", hub.endpoint + target]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout).group(1))


def heads(hub: Hub, target: str) -> float:
    """HEADs per second. wrk waits for the body that a HEAD announces, so these go by bare sockets,
    HEADS_AHEAD at a time on each connection; the hub ends one after 10,000 requests."""
    host, port = hub.address.rsplit(":", 1)
    one = f"HEAD {target} HTTP/1.1\r\nHost: {hub.address}\r\n\r\n".encode()
    answered, start = 0, time.monotonic()
    while time.monotonic() - start < WRK_S:
        links = [socket.create_connection((host, int(port)), timeout=30) for _ in range(4)]
        for _ in range(HEADS_PER_LINK // HEADS_AHEAD):
            for link in links:
                link.sendall(one * HEADS_AHEAD)
            for link in links:
                read_heads(link)
                answered += HEADS_AHEAD
        for link in links:
            link.close()
    return answered / (time.monotonic() - start)


def read_heads(link: socket.socket) -> None:
    text = b""
    while text.count(b"\r\n\r\n") < HEADS_AHEAD:
        block = link.recv(1 << 20)
        if not block:
            raise RuntimeError("the hub closed a connection in mid-answer")
        text += block
    if text.count(b"HTTP/1.1 200") != HEADS_AHEAD:
        raise RuntimeError(text[:2000].decode("latin-1"))


def requests(scratch: pathlib.Path):
    """Info and HEAD with one network thread."""
    path = write_noise(scratch / "small.bin", 1 << 22)
    with Hub(scratch / "requests", {"server.threads": 1}) as hub:
        repo = create_repo(hub, "requests")
        put_lfs(hub, repo, path)
        commit_lfs(hub, repo, {"w.bin": path})
        for name, target, load in (
            ("info", f"/api/models/{repo}", wrk),
            ("HEAD of a file", f"/{repo}/resolve/main/w.bin", heads),
        ):
            cpu = hub.cpu_s()
            rate = load(hub, target)
            core = rate * WRK_S / (hub.cpu_s() - cpu)
            text = f"{rate:,.0f}/s ({core:,.0f} per CPU-second of waagd)"
            yield Row(f"{name}, one network thread", text, "20,000/s", rate >= 20_000)
