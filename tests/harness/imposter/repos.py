"""Repositories of the imposter: real git on disk, LFS objects in memory."""

import dataclasses
import hashlib
import json
import pathlib
import random
import subprocess
import threading

FIRST_DATE = 1_750_000_000
# What a push to the Hub has by default, shortened.
ATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n" \
             b"*.bin filter=lfs diff=lfs merge=lfs -text\n"


@dataclasses.dataclass(frozen=True)
class Lfs:
    """Content that goes the LFS road."""

    data: bytes

    @property
    def oid(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def pointer(self) -> bytes:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\n"
        return f"{text}size {len(self.data)}\n".encode()


def seeded(seed, size: int) -> bytes:
    return random.Random(f"imposter {seed}").randbytes(size)


def safetensors(seed, size: int, tensors: int = 4) -> bytes:
    """A well-formed file of exactly `size` bytes with seeded values."""
    room = size - 8 - 1024
    each = room // tensors // 2 * 2
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for number in range(tensors):
        last = at + each if number < tensors - 1 else room // 2 * 2
        header[f"layers.{number}.weight"] = {
            "dtype": "BF16", "shape": [(last - at) // 2], "data_offsets": [at, last]}
        at = last
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (size - 8 - at - len(text))
    return len(text).to_bytes(8, "little") + text + seeded(seed, at)


class Repo:
    """`git_open` False: smart HTTP is refused, as where a filter lets only the API pass."""

    def __init__(self, folder: pathlib.Path, kind: str, name: str):
        self.folder, self.kind, self.name = pathlib.Path(folder), kind, name
        self.private, self.gated, self.git_open = False, False, True
        self.xet_hashes: dict[str, str] = {}  # oid of an LFS object: what the hub says of it
        self.blobs: dict[str, bytes] = {}
        self.lfs: dict[str, bytes] = {}
        self.dates: dict[str, int] = {}
        self.messages: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.heads: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.trees: dict[str, list[dict]] = {}
        self.lock = threading.Lock()
        self._init()

    def _init(self) -> None:
        for part in ("objects/pack", "objects/info", "refs/heads", "refs/tags"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "HEAD").write_text("ref: refs/heads/main\n")
        config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n" \
                 "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
        (self.folder / "config").write_text(config)

    def git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        command = ["git", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"git {arguments}: {done.stderr.decode()}")
        return done.stdout

    def commit(self, files: dict, message: str = "change", branch: str = "main",
               delete: tuple = (), orphan: bool = False) -> str:
        """`files`: {path: bytes or Lfs}. `orphan`: a history of its own, as after a force-push."""
        date = FIRST_DATE + len(self.dates) * 60
        parent = None if orphan else self.heads.get(branch)
        text = message.encode()
        parts = [b"commit refs/heads/%s\nmark :1\n" % branch.encode(),
                 b"committer A Person <person@example.org> %d +0000\n" % date,
                 b"data %d\n%s\n" % (len(text), text)]
        if parent:
            parts.append(b"from %s\n" % parent.encode())
        parts += [b"D %s\n" % quoted(path) for path in delete]
        for path, content in files.items():
            data = self._keep(content)
            parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (quoted(path), len(data), data))
        parts.append(b"get-mark :1\n")
        command = ["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force"]
        commit = self.git(*command, stdin=b"".join(parts)).decode().strip()
        self.dates[commit], self.messages[commit] = date, message
        if parent:
            self.parents[commit] = parent
        self.heads[branch] = commit
        return commit

    def _keep(self, content) -> bytes:
        data = content
        if isinstance(content, Lfs):
            self.lfs[content.oid] = content.data
            data = content.pointer
        self.blobs[blob_oid(data)] = data
        return data

    def branch(self, name: str, commit: str) -> None:
        self.git("update-ref", f"refs/heads/{name}", commit)
        self.heads[name] = commit

    def tag(self, name: str, commit: str) -> None:
        """An annotated one: the ref's own object is not the commit."""
        identity = ["-c", "user.name=A Person", "-c", "user.email=person@example.org"]
        self.git(*identity, "tag", "-f", "-a", "-m", name, name, commit)
        self.tags[name] = commit

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag or the hash of a commit names."""
        name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        if name == "HEAD":
            name = "main"
        for known in (self.heads, self.tags):
            if name in known:
                return known[name]
        return name if name in self.dates else None

    def tree(self, commit: str) -> list[dict]:
        """Rows as the API gives them: folders before what is in them, byte order."""
        with self.lock:
            if commit not in self.trees:
                listed = self.git("ls-tree", "-r", "-t", "-z", "-l", commit)
                lines = listed.decode().split("\0")
                self.trees[commit] = [self._row(line) for line in lines if line]
            return self.trees[commit]

    def _row(self, line: str) -> dict:
        fields, path = line.split("\t", 1)
        _, kind, oid, size = fields.split()
        if kind == "tree":
            return {"type": "directory", "oid": oid, "size": 0, "path": path}
        row = {"type": "file", "oid": oid, "size": int(size), "path": path}
        pointer = parse_pointer(self.blobs[oid])
        if pointer:
            row["lfs"] = {"oid": pointer[0], "size": pointer[1], "pointerSize": int(size)}
            row["size"] = pointer[1]
            if pointer[0] in self.xet_hashes:
                row["xetHash"] = self.xet_hashes[pointer[0]]
        return row

    def files(self, commit: str) -> dict[str, bytes]:
        """{path: bytes} of one commit, LFS objects in full."""
        rows = [row for row in self.tree(commit) if row["type"] == "file"]
        return {row["path"]: self.content(row) for row in rows}

    def content(self, row: dict) -> bytes:
        return self.lfs[row["lfs"]["oid"]] if "lfs" in row else self.blobs[row["oid"]]

    def history(self, commit: str) -> list[str]:
        out = [commit]
        while out[-1] in self.parents:
            out.append(self.parents[out[-1]])
        return out


def quoted(path: str) -> bytes:
    text = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'.encode()


def blob_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def parse_pointer(data: bytes) -> tuple[str, int] | None:
    if len(data) > 1024 or not data.startswith(b"version https://git-lfs.github.com/spec/v1\n"):
        return None
    fields = dict(line.split(" ", 1) for line in data.decode().splitlines())
    return fields["oid"].removeprefix("sha256:"), int(fields["size"])
