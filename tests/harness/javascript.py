"""@huggingface/hub on Node, without knowledge of the hub but its URL and a token."""

import json
import os
import pathlib
import subprocess

from client import CALL_S, ROOT, ClientError


def file(path) -> dict:
    return {"$file": str(path)}


class JavaScript:
    def __init__(self, endpoint: str, token: str | None):
        self.endpoint, self.token = endpoint, token

    def call(self, name: str, slices=(), /, **parameters):
        """What the package's function `name` gives, as plain values (driver.mjs)."""
        parameters["hubUrl"] = self.endpoint
        if self.token:
            parameters["accessToken"] = self.token
        request = {"call": name, "parameters": parameters, "slices": list(slices)}
        node = ROOT / ".venvs" / "node" / "bin" / "node"
        driver = pathlib.Path(__file__).with_name("driver.mjs")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "NODE_"))}
        done = subprocess.run(
            [node, driver, ROOT / ".venvs" / "javascript"], input=json.dumps(request), text=True,
            env=kept, capture_output=True, timeout=CALL_S,
        )
        if done.returncode != 0 or not done.stdout.strip():
            raise RuntimeError(f"node: {done.returncode}: {done.stderr[-3000:]}")
        reply = json.loads(done.stdout.splitlines()[-1])
        if "error" in reply:
            raise ClientError(reply["error"], reply["status"], reply["text"])
        return reply["value"]
