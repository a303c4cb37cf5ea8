"""The converter's own forward pass, as a program."""

import json
import pathlib
import subprocess

import numpy
from hub import binary

LOGITS_S = 300


class Answer:
    def __init__(self, done: subprocess.CompletedProcess):
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.code = done.returncode
        self.error = "".join(event["message"] for event in events if event["event"] == "error")
        self.logits = [numpy.array(event["logits"], numpy.float32) for event in events
                       if event["event"] == "logits"]
        self.end = events[-1] if events else {}


def ask(model: pathlib.Path, texts: list, gguf: pathlib.Path | None = None, **members) -> Answer:
    """`texts` are lists of tokens; `logits` of each are those behind its last token, or, with
    of="all", behind each of them."""
    spec = {"model": str(model), "tokens": texts, "threads": 2, **members}
    if gguf is not None:
        spec["gguf"] = str(gguf)
    return Answer(subprocess.run([binary("waag-convert"), "--logits"], input=json.dumps(spec),
                                 text=True, capture_output=True, timeout=LOGITS_S))


def logits(model: pathlib.Path, texts: list, gguf: pathlib.Path | None = None, **members) -> list:
    """Must work."""
    answer = ask(model, texts, gguf, **members)
    assert answer.code == 0, answer.error
    return answer.logits


def apart(found: numpy.ndarray, wanted: numpy.ndarray) -> float:
    """The largest difference, as a share of the largest logit."""
    return float(numpy.abs(found - wanted).max() / numpy.abs(wanted).max())
