"""A real Ollama of one's own: its server on a free port, with its own home, and its commands."""

import contextlib
import dataclasses
import hashlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import time

START_S = 60
CALL_S = 300


@dataclasses.dataclass
class Done:
    code: int
    text: str  # stdout, then stderr, without what moves a cursor


class Ollama:
    """`program` is what oracles/build_ollama.py prints. `settings` are variables besides."""

    def __init__(self, program: pathlib.Path, home: pathlib.Path, settings: dict | None = None):
        self.program, self.home = pathlib.Path(program), pathlib.Path(home)
        self.log = self.home / "serve.log"
        self.settings = settings or {}
        self.process, self.address = None, ""

    def __enter__(self) -> "Ollama":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def environment(self) -> dict:
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("OLLAMA_") and not name.lower().endswith("_proxy")}
        return kept | {
            "HOME": str(self.home), "OLLAMA_MODELS": str(self.models), "OLLAMA_NO_CLOUD": "1",
            "OLLAMA_HOST": self.address or "127.0.0.1:0"} | self.settings

    @property
    def models(self) -> pathlib.Path:
        return self.home / "models"

    def start(self) -> "Ollama":
        self.home.mkdir(parents=True, exist_ok=True)
        self.address = ""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.program, "serve"], env=self.environment, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while not (found := re.search(r"Listening on (127\.0\.0\.1:\d+)", self.log.read_text())):
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"Ollama did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.02)  # polls for readiness, bounded above
        self.address = found[1]
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
            self.process.wait()
            self.process = None

    def run(self, *words: str) -> Done:
        """`ollama WORDS`."""
        done = subprocess.run([self.program, *words], env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=CALL_S)
        text = (done.stdout + done.stderr).decode(errors="replace")
        return Done(done.returncode, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text))

    def call(self, path: str, **body) -> dict:
        """POST of its own interface; the answer, of a stream the last part."""
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=CALL_S)) as link:
            link.request("POST", path, json.dumps({"stream": False} | body),
                         {"Content-Type": "application/json"})
            return json.loads(link.getresponse().read())

    def manifest(self, host: str, repo: str, tag: str) -> dict:
        """As it is kept after a pull."""
        return json.loads((self.models / "manifests" / host / repo / tag).read_text())

    def blobs(self) -> dict[str, str]:
        """{digest in the name: SHA-256 of the bytes}; what is unfinished is not among them."""
        return {path.name.removeprefix("sha256-"): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in (self.models / "blobs").iterdir() if "-partial" not in path.name}

    def model(self, host: str, repo: str, tag: str) -> pathlib.Path:
        """The file of a model that was pulled."""
        layer, = (layer for layer in self.manifest(host, repo, tag)["layers"]
                  if layer["mediaType"] == "application/vnd.ollama.image.model")
        return self.models / "blobs" / layer["digest"].replace(":", "-")
