"""A converter that puts damage into what it makes, and says nothing of it."""

import json
import pathlib
import zipfile

from hub import binary

# The hub closes it in: it can read no other program, so it has the real one in itself, and runs
# it out of memory.
MAIN = r"""
import hashlib, json, os, subprocess, sys, zipfile

with zipfile.ZipFile(sys.argv[0]) as me:
    changes, program = json.loads(me.read("changes.json")), me.read("waag-convert")
spec = sys.stdin.read()
fd = os.memfd_create("waag-convert")
os.write(fd, program)
real = subprocess.Popen(
    ["waag-convert", *sys.argv[1:]], executable=f"/proc/self/fd/{fd}", pass_fds=[fd],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
real.stdin.write(spec)
real.stdin.close()
for line in real.stdout:
    event = json.loads(line)
    if event["event"] == "file" and changes["type"] in event["path"]:
        path = json.loads(spec)["output"] + "/" + event["path"]
        with open(path, "rb") as file:
            content = file.read()
        for at, data in changes["data"]:
            data = bytes.fromhex(data)
            content = content[:at] + data + content[at + len(data):]
        with open(path, "wb") as file:
            file.write(content)
        event["sha256"] = hashlib.sha256(content).hexdigest()
    print(json.dumps(event), flush=True)
sys.exit(real.wait())
"""


def write_damaging_converter(path: pathlib.Path, kind: str, data: dict[int, bytes]) -> pathlib.Path:
    """`data`: bytes that are put into the files of that type, by their offset."""
    changes = {"type": kind, "data": [(at, new.hex()) for at, new in data.items()]}
    path.write_bytes(b"#!/usr/bin/python3\n")
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("__main__.py", MAIN)
        made.writestr("changes.json", json.dumps(changes))
        made.write(binary("waag-convert"), "waag-convert")
    path.chmod(0o755)
    return path
