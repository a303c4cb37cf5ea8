"""What the benchmarks share: pairs, processes, a table, an nginx beside the hub."""

import dataclasses
import hashlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "harness"))

from hub import Hub  # noqa: E402

PAIRS = 7
NGINX_START_S = 20


@dataclasses.dataclass
class Row:
    """One line of the report: `goal` is a bound as text, `met` whether it holds."""

    name: str
    value: str
    goal: str = ""
    met: bool | None = None


def interleaved(first, second, pairs: int = PAIRS) -> tuple[list[float], list[float]]:
    """Runs the two in turn, so that drift of the machine hits both; each returns seconds."""
    first(), second()  # warm: caches, connections to the disk, the CPU's clock
    a, b = [], []
    for turn in range(pairs):
        for action, out in ((first, a), (second, b))[:: 1 if turn % 2 == 0 else -1]:
            out.append(action())
    return a, b


def median_ratio(a: list[float], b: list[float]) -> float:
    """Median of the pairwise a/b."""
    return statistics.median(x / y for x, y in zip(a, b))


def seconds_of(command: list, **options) -> float:
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, capture_output=True, **options)
    return time.perf_counter() - start


def sha256_of(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def create_repo(hub: Hub, name: str) -> str:
    made = hub.request("POST", "/api/repos/create", json_body={"name": name})
    if made.status != 200:
        raise RuntimeError(f"create {name}: {made.status} {made.body}")
    return made.json()["url"].removeprefix(hub.endpoint + "/")


def put_lfs(hub: Hub, repo: str, path: pathlib.Path) -> float:
    """Uploads one LFS object by one PUT; wall seconds of the PUT alone."""
    body = {"operation": "upload", "transfers": ["basic"]}
    body["objects"] = [{"oid": sha256_of(path), "size": path.stat().st_size}]
    reply = hub.request("POST", f"/{repo}.git/info/lfs/objects/batch", json_body=body).json()
    href = reply["objects"][0]["actions"]["upload"]["href"]
    return seconds_of(["curl", "-sSf", "-T", path, "-H", "Expect:", href])


def commit_lfs(hub: Hub, repo: str, files: dict[str, pathlib.Path]) -> None:
    lines = [{"key": "header", "value": {"summary": "weights"}}]
    for name, path in files.items():
        value = {"path": name, "algo": "sha256", "oid": sha256_of(path)}
        lines.append({"key": "lfsFile", "value": value | {"size": path.stat().st_size}})
    body = "\n".join(map(json.dumps, lines)).encode()
    kind = {"Content-Type": "application/x-ndjson"}
    reply = hub.request("POST", f"/api/models/{repo}/commit/main", body=body, headers=kind)
    if reply.status != 200:
        raise RuntimeError(f"commit: {reply.status} {reply.body}")


class Nginx:
    """nginx with sendfile on, on a free port; `locations` is configuration text, as is `shared`,
    which stands outside of the server."""

    def __init__(self, folder: pathlib.Path, locations: str, workers: int = 2, shared: str = ""):
        self.folder, self.locations, self.workers = folder, locations, workers
        self.shared = shared
        folder.mkdir(parents=True, exist_ok=True)
        self.process = None

    def __enter__(self):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        config = self.folder / "nginx.conf"
        config.write_text(f"""
daemon off; worker_processes {self.workers}; pid {self.folder}/pid; error_log {self.folder}/error;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  client_body_temp_path {self.folder}/t; proxy_temp_path {self.folder}/t;
  fastcgi_temp_path {self.folder}/t; uwsgi_temp_path {self.folder}/t;
  scgi_temp_path {self.folder}/t; {self.shared}
  server {{ listen 127.0.0.1:{self.port} reuseport; {self.locations} }} }}
user root;
""")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-c", str(config), "-e", f"{self.folder}/error"])
        deadline = time.monotonic() + NGINX_START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "error").read_text()) from None
                time.sleep(0.02)  # polls for readiness, bounded above

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"
