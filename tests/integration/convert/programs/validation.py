"""A validation, as a program: waag-convert --validate."""

import json
import pathlib
import subprocess

from converter import Converted
from hub import binary

VALIDATE_S = 600


class Validated:
    def __init__(self, done: subprocess.CompletedProcess):
        self.code = done.returncode
        self.events = [json.loads(line) for line in done.stdout.splitlines()]
        self.error = "".join(
            event["message"] for event in self.events if event["event"] == "error")

    def of(self, event: str, target: str) -> list[dict]:
        return [each for each in self.events
                if each["event"] == event and each["target"] == target]

    def verdict(self, target: str) -> str:
        (found,) = self.of("verdict", target)
        return found["verdict"]

    def reasons(self, target: str) -> str:
        (found,) = self.of("verdict", target)
        return "; ".join(found["reasons"])

    def figures(self, target: str) -> dict:
        (found,) = self.of("compared", target)
        return found

    def blocks(self, target: str) -> list[float]:
        return [each["error"] for each in self.of("block", target)]


def result(target: str, place: pathlib.Path) -> dict:
    return {"target": target, "gguf" if target.startswith("gguf:") else "folder": str(place)}


def results(made: Converted, *targets: str) -> list[dict]:
    """Of a job whose files are called as converter.job() has them."""
    def place(target: str) -> pathlib.Path:
        kind, name = target.split(":")
        return made / (f"{name}.gguf" if kind == "gguf" else name)

    return [result(target, place(target)) for target in targets]


def ask(spec: dict) -> Validated:
    return Validated(subprocess.run([binary("waag-convert"), "--validate"], text=True,
                                    input=json.dumps({"threads": 2, **spec}),
                                    capture_output=True, timeout=VALIDATE_S))


def validate(model: pathlib.Path, judged: list[dict], **members) -> Validated:
    """Must come to a verdict for each."""
    done = ask({"model": str(model), "results": judged, **members})
    assert done.code == 0, done.error or done.events
    assert done.events[-1]["event"] == "done"
    for each in judged:
        assert done.verdict(each["target"]) in ("pass", "warn", "fail")
    return done
