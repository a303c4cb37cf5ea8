"""The converter's own tokens of a text, as a program."""

import json
import pathlib
import subprocess

from hub import binary

TOKENS_S = 120


class Tokens:
    def __init__(self, done: subprocess.CompletedProcess):
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.code = done.returncode
        self.error = "".join(event["message"] for event in events if event["event"] == "error")
        said = [event for event in events if event["event"] == "tokens"]
        self.ids = said[0]["tokens"] if said else None
        self.bos = said[0]["bos"] if said else None
        self.end = events[-1] if events else {}


def ask(spec: dict | str) -> Tokens:
    text = spec if isinstance(spec, str) else json.dumps(spec)
    return Tokens(subprocess.run([binary("waag-convert"), "--tokens"], input=text, text=True,
                                 capture_output=True, timeout=TOKENS_S))


def tokens_of(model: pathlib.Path, text: str, file: pathlib.Path) -> Tokens:
    """Must work. `file` is written and holds the text."""
    file.write_bytes(text.encode())
    made = ask({"model": str(model), "text": str(file)})
    assert made.code == 0, made.error
    return made
