"""The converter as a program, tiny models of every family, and the real llama.cpp."""

import json
import pathlib
import subprocess

import llama_cpp
import pytest
import tiny_models
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


def run(spec: dict) -> Converted:
    output = pathlib.Path(spec["output"])
    output.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([binary("waag-convert")], input=json.dumps(spec), text=True,
                          capture_output=True, timeout=CONVERT_S)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return Converted(done.returncode, events, output)


@pytest.fixture(scope="session")
def llama():
    return llama_cpp.LlamaCpp()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """tiny(family) -> the folder of that tiny model, in BF16."""
    made, folder = {}, tmp_path_factory.mktemp("tiny")

    def make(family: str) -> pathlib.Path:
        if family not in made:
            tiny_models.write_model(folder / family, family, files=2 if "q" in family else 1)
            made[family] = folder / family
        return made[family]

    return make


@pytest.fixture
def convert(tmp_path):
    """convert(folder, *targets, **members of the job) -> Converted, which must have worked."""
    def go(source: pathlib.Path, *targets: str, **members) -> Converted:
        converted = run(job(source, tmp_path / "out", *targets, **members))
        assert converted.code == 0, converted.error
        return converted

    return go
