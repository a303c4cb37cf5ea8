"""The converter as a program."""

import json
import pathlib
import subprocess

from hub import binary

CONVERT_S = 120


class Converted:
    def __init__(self, code: int, events: list, folder: pathlib.Path):
        self.code, self.events, self.folder = code, events, folder

    @property
    def error(self) -> str:
        return "".join(event["message"] for event in self.events if event["event"] == "error")

    def __truediv__(self, name: str) -> pathlib.Path:
        return self.folder / name


def job(source: pathlib.Path, output: pathlib.Path, *targets: str, **members) -> dict:
    """A job spec; targets such as "gguf:Q4_K_M", written as Q4_K_M.gguf, or "safetensors:int8"."""
    def spec(target: str) -> dict:
        kind, kept = target.split(":")
        place = {"file": f"{kept}.gguf"} if kind == "gguf" else {"folder": kept}
        return {"kind": kind, "type": kept, **place}

    return {"source": str(source), "output": str(output), "threads": 2,
            "model": {"name": source.name}, "targets": [spec(each) for each in targets], **members}


def start(spec: dict) -> subprocess.Popen:
    process = subprocess.Popen(
        [binary("waag-convert")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(json.dumps(spec))
    process.stdin.close()
    return process


def run(spec: dict, program: str = "waag-convert", timeout_s: float = CONVERT_S) -> Converted:
    output = pathlib.Path(spec["output"])
    output.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([binary(program)], input=json.dumps(spec), text=True,
                          capture_output=True, timeout=timeout_s)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return Converted(done.returncode, events, output)
