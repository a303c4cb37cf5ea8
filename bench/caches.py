"""The mirrors that ours is compared with: Olah (PyPI), and nginx's proxy_cache."""

import pathlib
import socket
import subprocess
import time

import venvs
from bench.measure import Nginx

START_S = 60
STOP_S = 30
REQUIREMENTS = pathlib.Path(__file__).with_name("olah.txt")


def nginx_cache(folder: pathlib.Path, address: str) -> Nginx:
    """A cache that keeps all that `address` answers, whatever that says of it."""
    shared = f"proxy_cache_path {folder}/cache keys_zone=all:8m max_size=8g inactive=1d "
    shared += "use_temp_path=off;"
    locations = f"""location / {{ proxy_pass http://{address}; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_cache all; proxy_cache_key $request_uri;
      proxy_cache_valid 200 206 1h; proxy_cache_lock on;
      proxy_ignore_headers Cache-Control Expires Set-Cookie Vary X-Accel-Expires; }}"""
    return Nginx(folder, locations, shared=shared)


def without_last_slash(folder: pathlib.Path, address: str) -> Nginx:
    """What Olah asks `address` through: it appends a slash to .../tree/REVISION, which our hub
    refuses."""
    return Nginx(folder, f"""location / {{ rewrite ^(/api/.*)/$ $1 break;
      proxy_pass http://{address}; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Connection ""; }}""")


class Olah:
    """Olah on a free port, which mirrors the hub at `address`; RuntimeError if it does not run."""

    def __init__(self, folder: pathlib.Path, address: str):
        self.folder, self.upstream = folder, address
        folder.mkdir(parents=True)
        self.process = None

    def __enter__(self) -> "Olah":
        try:
            program = venvs.ensure("olah", REQUIREMENTS).with_name("olah-cli")
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"it cannot be installed: {error}") from None
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        hub, own = f'"{self.upstream}"', f'"127.0.0.1:{self.port}"'
        (self.folder / "olah.toml").write_text(f"""[basic]
host = "127.0.0.1"
port = {self.port}
repos-path = "{self.folder}/repos"
hf-scheme = "http"
hf-netloc = {hub}
hf-lfs-netloc = {hub}
mirror-scheme = "http"
mirror-netloc = {own}
mirror-lfs-netloc = {own}
""")
        command = [program, "-c", self.folder / "olah.toml", "--log-path", self.folder / "logs"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    text = (self.folder / "log").read_text()[-1000:]
                    raise RuntimeError(f"it does not start: {text}") from None
                time.sleep(0.05)  # polls for readiness, bounded above

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_S)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"
