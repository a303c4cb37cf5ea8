"""llama.cpp's `-hf ns/name[:quant]` since March 2026, request for request.

Source: llama.cpp, common/hf-cache.cpp and common/download.cpp: refs, the first page of the tree of
main's commit, a choice among its *.gguf files, then HEAD and GET (with a Range after a cut).
"""

import hashlib
import http.client
import os
import re
import struct

import pytest
from client import add
from proxy import CuttingProxy

AGENT = {"User-Agent": "llama-cpp/1.0", "Accept": "application/json"}
NOT_MODELS = re.compile(r"mmproj|imatrix|(^|/)(mtp|eagle3|dflash|dspark)-")
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


def gguf(seed: int, size: int = 300_000) -> bytes:
    """A file of GGUF version 3 with its architecture and no tensors, then noise."""
    def text(value):
        return struct.pack("<Q", len(value)) + value

    pair = text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair + hashlib.shake_256(b"%d" % seed).digest(
        size
    )


class LlamaCpp:
    def __init__(self, hub, endpoint=None):
        self.hub, self.endpoint = hub, endpoint or hub.endpoint

    def get(self, path, **headers):
        link = http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=60)
        link.request("GET", path, headers=AGENT | headers)
        return link.getresponse()

    def json(self, path):
        reply = self.hub.get(path, token=None, headers=AGENT)
        assert reply.status == 200, reply.body
        return reply.json()

    def files(self, repo: str) -> tuple[str, list[dict]]:
        """main's commit and the files that the first page of its tree names."""
        branches = self.json(f"/api/models/{repo}/refs")["branches"]
        commit = next(row["targetCommit"] for row in branches if row["name"] == "main")
        rows = self.json(f"/api/models/{repo}/tree/{commit}?recursive=true")
        for row in rows:
            assert re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", row["oid"])
            assert isinstance(row["size"], int)
        return commit, [row for row in rows if row["type"] == "file"]

    def choose(self, repo: str, tag: str | None) -> tuple[str, list[str]]:
        """The commit and what is pulled: a model, in parts if it is split, and its projector."""
        commit, rows = self.files(repo)
        paths = [row["path"] for row in rows if row["path"].endswith(".gguf")]
        models = [path for path in paths if not NOT_MODELS.search(path)]
        for wanted in [tag] if tag else ["Q4_K_M", "Q8_0", ""]:
            match = re.compile(re.escape(wanted) + "[.-]", re.IGNORECASE)
            found = [path for path in models if not wanted or match.search(path)]
            if found:
                break
        assert found, f"no model for {tag}"
        stem = PART.sub("", found[0])
        parts = [path for path in found if PART.sub("", path) == stem] if stem != found[0] else []
        projectors = [path for path in paths if "mmproj" in path]
        return commit, (parts or found[:1]) + projectors[:1]

    def pull(self, repo: str, commit: str, path: str, target) -> None:
        """HEAD, then GET into `target`; after a cut the rest by a Range."""
        url = f"/{repo}/resolve/{commit}/{path}"
        head = self.hub.request("HEAD", url, token=None, headers=AGENT)
        assert head.status == 200 and head.headers["Accept-Ranges"] == "bytes"
        size, etag = int(head.headers["Content-Length"]), head.headers["ETag"]
        while (have := target.stat().st_size if target.exists() else 0) < size:
            reply = self.get(url, **({"Range": f"bytes={have}-"} if have else {}))
            assert reply.status == (206 if have else 200)
            assert reply.headers["ETag"] == etag
            with target.open("ab") as file:
                try:
                    while block := reply.read1(1 << 16):
                        file.write(block)
                except (http.client.IncompleteRead, ConnectionError):
                    pass  # comes back for the rest


@pytest.fixture
def ggufs(new_client, repo):
    """{path: bytes} of a repository with quants, a split model, a projector and other things."""
    names = ["tiny-Q4_K_M.gguf", "tiny-Q8_0.gguf", "tiny-imatrix.gguf", "mmproj-tiny-f16.gguf"]
    names += [f"big/tiny-bf16-{part:05}-of-00002.gguf" for part in (1, 2)]
    files = {name: gguf(seed) for seed, name in enumerate(names)}
    operations = [add(name, data) for name, data in files.items()]
    operations += [add("README.md", b"# tiny\n"), add("config.json", b"{}")]
    new_client("hub-new").call(
        "create_commit", repo_id=repo, operations=operations, commit_message="ggufs"
    )
    return files


@pytest.mark.parametrize(
    "tag,expected",
    [(None, ["tiny-Q4_K_M.gguf"]), ("q8_0", ["tiny-Q8_0.gguf"]),
     ("bf16", ["big/tiny-bf16-00001-of-00002.gguf", "big/tiny-bf16-00002-of-00002.gguf"])],
)
def test_choice_and_bytes(hub, repo, ggufs, tag, expected, tmp_path):
    llama = LlamaCpp(hub)
    commit, paths = llama.choose(repo, tag)
    assert paths == expected + ["mmproj-tiny-f16.gguf"]
    for number, path in enumerate(paths):
        llama.pull(repo, commit, path, tmp_path / str(number))
        assert (tmp_path / str(number)).read_bytes() == ggufs[path]


def test_resume_after_cuts(hub, repo, ggufs, tmp_path):
    target = tmp_path / "model.gguf"
    with CuttingProxy(hub.address, cuts=2, after_bytes=100_000) as proxy:
        llama = LlamaCpp(hub, proxy.endpoint)
        commit, paths = llama.choose(repo, "Q8_0")
        llama.pull(repo, commit, paths[0], target)
        assert proxy.cuts == 0 and len(proxy.ranges) == 2
    assert target.read_bytes() == ggufs["tiny-Q8_0.gguf"]


def test_model_behind_many_files(hub, new_client, repo):
    """Only the first page of the tree is read: it must hold more than a thousand entries."""
    files = [add(f"logs/{number:04}.txt", b"%d" % number) for number in range(1500)]
    new_client("hub-new").call(
        "create_commit", repo_id=repo, operations=[*files, add("z-Q4_0.gguf", gguf(9))],
        commit_message="many",
    )
    assert LlamaCpp(hub).choose(repo, "Q4_0")[1] == ["z-Q4_0.gguf"]


def test_a_branch_moves_on(hub, new_client, repo, ggufs, tmp_path):
    """What was chosen by commit stays what it was, whatever main does meanwhile."""
    llama = LlamaCpp(hub)
    commit, paths = llama.choose(repo, "Q8_0")
    new_client("hub-new").call(
        "create_commit", repo_id=repo, operations=[add(paths[0], os.urandom(5000))],
        commit_message="other weights",
    )
    llama.pull(repo, commit, paths[0], tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == ggufs[paths[0]]
    assert llama.choose(repo, "Q8_0")[0] != commit
