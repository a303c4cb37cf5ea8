"""A waagd of one's own: on a free port, with its own folder, stopped or killed at will."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

from certificate import Certificate

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_S = 60
STOP_S = 60


def binary(name: str) -> pathlib.Path:
    """The Release program that is under test; WAAG_BIN names another folder."""
    path = pathlib.Path(os.environ.get("WAAG_BIN", ROOT / "build/release/bin")) / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not built: make build")
    return path


class Reply:
    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Hub:
    """`settings` become WAAG_SECTION__KEY variables: {"store.reserve_bytes": 0}.

    With a `certificate` the hub speaks TLS only.
    """

    def __init__(
        self,
        data: pathlib.Path,
        settings: dict | None = None,
        certificate: Certificate | None = None,
    ):
        self.data = pathlib.Path(data)
        self.settings = {"server.drain_s": 5, "store.reserve_bytes": 64 << 20, **(settings or {})}
        self.certificate = certificate
        if certificate is not None:
            self.settings |= certificate.settings
        self.process = None
        self.listen, self.address = "127.0.0.1:0", ""
        self.ready_path = "/readyz"
        self.log = self.data.parent / f"{self.data.name}.log"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.certificate else 'http'}://{self.address}"

    @property
    def token(self) -> str:
        return (self.data / "admin.token").read_text().strip()

    def start(self) -> "Hub":
        env = {key: value for key, value in os.environ.items() if not key.startswith("WAAG_")}
        for key, value in self.settings.items():
            env["WAAG_" + key.replace(".", "__").upper()] = str(value)
        published = self.data / "waagd.address"
        published.unlink(missing_ok=True)
        command = [binary("waagd"), "--data", self.data, "--listen", self.listen]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while not self._ready(published):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"waagd did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.02)  # polls for readiness, bounded above
        return self

    def _ready(self, published: pathlib.Path) -> bool:
        if not published.exists():
            return False
        self.address = published.read_text().strip()
        with contextlib.suppress(OSError, http.client.HTTPException):
            return bool(self.address) and self.get(self.ready_path, token=None).status == 200
        return False

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self.process = None

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_S)
            self.process = None

    def request(self, method, path, *, token="", body=None, headers=None, json_body=None) -> Reply:
        """One request on its own connection. `token`: "" the admin's, None anonymous."""
        sent = dict(headers or {})
        secret = self.token if token == "" else token
        if secret is not None:
            sent.setdefault("Authorization", f"Bearer {secret}")
        if json_body is not None:
            body = json.dumps(json_body).encode()
            sent.setdefault("Content-Type", "application/json")
        path = path.removeprefix(self.endpoint)
        with contextlib.closing(self._connection()) as link:
            link.request(method, path, body=body, headers=sent)
            reply = link.getresponse()
            return Reply(reply.status, reply.headers, reply.read())

    def _connection(self) -> http.client.HTTPConnection:
        if self.certificate is None:
            return http.client.HTTPConnection(self.address, timeout=60)
        context = self.certificate.context()
        return http.client.HTTPSConnection(self.address, timeout=60, context=context)

    def get(self, path, **options) -> Reply:
        return self.request("GET", path, **options)

    def cli(self, *arguments: str, token: str = "") -> object:
        """Runs `waag --json ...`; what it printed."""
        command = [binary("waag"), "--endpoint", self.endpoint, "--json"]
        command += ["--token", token or self.token]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"waag {arguments}: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def user(self, name: str, role: str = "write") -> str:
        """Makes a user; the text of a token of theirs."""
        self.cli("user", "create", name)
        return self.cli("token", "create", "test", "--user", name, "--role", role)["token"]

    def offline(self, command: str) -> subprocess.CompletedProcess:
        """Runs `waagd fsck` or the like on the folder of a stopped hub."""
        assert self.process is None, "stop the hub first"
        env = {key: value for key, value in os.environ.items() if not key.startswith("WAAG_")}
        arguments = [binary("waagd"), command, "--data", self.data]
        return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=600)

    def rss_bytes(self, mapped: bool = True) -> int:
        """Resident memory; without `mapped` only the process's own, not the page cache's."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in text.splitlines())
        names = ("VmRSS",) if mapped else ("RssAnon", "RssShmem")
        return sum(int(fields[name].split()[0]) for name in names) * 1024

    def cpu_s(self) -> float:
        """CPU seconds of the daemon so far, user and system."""
        text = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = text.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
