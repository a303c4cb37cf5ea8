"""Unmodified clients from PyPI, each in its own environment and with its own home."""

import base64
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALL_S = 300
NOWHERE = "http://127.0.0.1:1"


class ClientError(Exception):
    """What the client raised: `kind` is the class, `status` the HTTP status if there was one."""

    def __init__(self, kind, status, text):
        super().__init__(f"{kind} ({status}): {text}")
        self.kind, self.status, self.text = kind, status, text


def as_bytes(data: bytes) -> dict:
    return {"$bytes": base64.b64encode(data).decode()}


def as_stream(data: bytes) -> dict:
    return {"$stream": base64.b64encode(data).decode()}


def as_file(path) -> dict:
    return {"$open": str(path)}


def add(path: str, data) -> dict:
    content = as_bytes(data) if isinstance(data, bytes) else str(data)
    return operation("CommitOperationAdd", path_in_repo=path, path_or_fileobj=content)


def delete(path: str, folder: bool = False) -> dict:
    return operation("CommitOperationDelete", path_in_repo=path, is_folder=folder)


def copy(source: str, target: str) -> dict:
    names = {"src_path_in_repo": source, "path_in_repo": target}
    return operation("CommitOperationCopy", **names)


def operation(kind: str, **fields) -> dict:
    return {"$operation": kind, **fields}


class Client:
    """Without Xet unless `xet`: the two roads have tests of their own."""

    def __init__(
        self, version: str, endpoint: str, token: str | None, home: pathlib.Path, xet: bool = False
    ):
        self.version, self.endpoint, self.token, self.xet = version, endpoint, token, xet
        self.settings: dict[str, str] = {}  # variables of the environment besides
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.bin = ROOT / ".venvs" / version / "bin"
        # `hf` came with 0.34.
        self.tool = "hf" if (self.bin / "hf").exists() else "huggingface-cli"

    def at(self, endpoint=None, token="", home=None, xet=None) -> "Client":
        """The same client with another hub, token or (fresh) home, or by the other road."""
        secret = self.token if token == "" else token
        road = self.xet if xet is None else xet
        return Client(self.version, endpoint or self.endpoint, secret, home or self.home, road)

    @property
    def environment(self) -> dict:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
        kept |= {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(self.home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
            "HTTPS_PROXY": NOWHERE,  # datasets asks a fixed host besides; that must not leave here
            "COLUMNS": "200",
        }
        if not self.xet:
            kept["HF_HUB_DISABLE_XET"] = "1"
        if self.token:
            kept["HF_TOKEN"] = self.token
        return kept | self.settings

    def start(self, method: str, **arguments) -> subprocess.Popen:
        """Starts HfApi().method(**arguments); finish() reads its answer."""
        script = pathlib.Path(__file__).with_name("driver.py")
        process = subprocess.Popen(
            [self.bin / "python", script], env=self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        process.stdin.write(json.dumps({"method": method, "arguments": arguments}))
        process.stdin.close()
        process.stdin = None
        return process

    @staticmethod
    def finish(process: subprocess.Popen, limit_s: int = CALL_S):
        try:
            out, err = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        lines = out.strip().splitlines()
        if not lines:
            raise RuntimeError(f"the client died with {process.returncode}: {err[-3000:]}")
        reply = json.loads(lines[-1])
        if "error" in reply:
            raise ClientError(reply["error"], reply["status"], reply["text"])
        return reply["value"]

    def call(self, method: str, **arguments):
        """HfApi().method(**arguments) in a process of its own; its answer as plain values."""
        return self.finish(self.start(method, **arguments))

    def script(self, code: str, **names):
        """Runs Python text in the client's environment with `names` set; its variable `result`."""
        lines = ["import json", *(f"{name} = {value!r}" for name, value in names.items()), code]
        lines.append("print('\\n' + json.dumps(result))")
        done = subprocess.run(
            [self.bin / "python", "-c", "\n".join(lines)], env=self.environment, text=True,
            capture_output=True, timeout=CALL_S,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{self.version}: {done.returncode}: {done.stderr[-3000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def cli(self, *arguments: str, tool: str = "", check: bool = True):
        """Runs the client's own command line; the finished process."""
        tool = tool or self.tool
        done = subprocess.run(
            [self.bin / tool, *map(str, arguments)], env=self.environment, text=True,
            capture_output=True, timeout=CALL_S,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{tool} {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done
