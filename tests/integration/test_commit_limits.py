"""Commits as large as they may be: 25,000 operations, a body of a gigabyte."""

import base64
import hashlib
import json
import shutil

import pytest

MIB = 1 << 20
OPERATIONS_MAX = 25_000
# What a request may add to the daemon's own memory: buffers of one connection, the rows of its
# commit, RocksDB's write buffer. The bodies are far larger.
GROWTH_BYTES_MAX = 96 * MIB


@pytest.fixture
def sized_hub(own_hub):
    """A hub with an empty repository, whose data do not outlive the test."""
    own_hub.start()
    made = own_hub.request("POST", "/api/repos/create", json_body={"name": "big"})
    yield own_hub, made.json()["url"].removeprefix(own_hub.endpoint + "/")
    own_hub.kill()
    shutil.rmtree(own_hub.data)


def line(key, **value) -> bytes:
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


def text_file(number: int) -> tuple[str, bytes]:
    return f"d{number % 100}/{number}.json", b'{"number": %d}' % number


def post(hub, repo, lines):
    """Streams the lines; the reply and how much the daemon's memory grew meanwhile."""
    before = hub.rss_bytes(mapped=False)
    most = before

    def body():
        nonlocal most
        for sent, part in enumerate(lines):
            yield part
            if sent % 64 == 0:
                most = max(most, hub.rss_bytes(mapped=False))

    kind = {"Content-Type": "application/x-ndjson"}
    reply = hub.request("POST", f"/api/models/{repo}/commit/main", body=body(), headers=kind)
    return reply, max(most, hub.rss_bytes(mapped=False)) - before


def tree(hub, repo) -> dict:
    """path -> row of every file."""
    rows, path = {}, f"/api/models/{repo}/tree/main?recursive=true&limit=10000"
    while path:
        reply = hub.get(path)
        rows |= {row["path"]: row for row in reply.json() if row["type"] == "file"}
        link = reply.headers.get("Link", "")
        path = link[link.find("<") + 1 : link.find(">")] if "next" in link else ""
    rows.pop(".gitattributes")
    return rows


def test_commit_of_25000_operations(sized_hub):
    hub, repo = sized_hub

    def files(count):
        yield line("header", summary="all")
        for number in range(count):
            path, data = text_file(number)
            yield line(
                "file", path=path, encoding="base64", content=base64.b64encode(data).decode()
            )

    refused, _ = post(hub, repo, files(OPERATIONS_MAX + 1))
    assert refused.status == 413, refused.body
    assert tree(hub, repo) == {}
    made, growth = post(hub, repo, files(OPERATIONS_MAX))
    assert made.status == 200, made.body
    assert growth < GROWTH_BYTES_MAX
    rows = tree(hub, repo)
    assert len(rows) == OPERATIONS_MAX
    for number in (0, 4096, 12_345, OPERATIONS_MAX - 1):
        path, data = text_file(number)
        named = b"blob %d\0" % len(data) + data
        assert rows[path]["oid"] == hashlib.sha1(named).hexdigest()
        assert hub.get(f"/{repo}/resolve/main/{path}").body == data

    removals = [line("header", summary="all but one")]
    removals += [line("deletedFile", path=text_file(n)[0]) for n in range(1, OPERATIONS_MAX)]
    assert post(hub, repo, removals)[0].status == 200
    assert list(tree(hub, repo)) == [text_file(0)[0]]
    assert hub.stop() == 0
    check = hub.offline("fsck")
    assert check.returncode == 0, check.stdout + check.stderr


def test_commit_body_of_a_gigabyte(sized_hub):
    """hf-hub (Rust) sends weights inline: base64 in one line each, nothing else bounds them."""
    hub, repo = sized_hub
    file_bytes, stride, count = 4 * MIB, 32 * 1024, 180
    block = bytearray(hashlib.shake_128(b"weights").digest(file_bytes))
    digests = {}

    def data(number) -> bytes:
        for at in range(0, file_bytes, stride):  # no chunk is like that of another file
            block[at : at + 8] = (number * file_bytes + at).to_bytes(8, "little")
        return bytes(block)

    def lines():
        yield line("header", summary="weights")
        for number in range(count):
            content = data(number)
            if number % 30 == 0:
                digests[f"{number}.bin"] = hashlib.sha256(content).hexdigest()
            head = b'{"key":"file","value":{"content":"'
            tail = b'","path":"%d.bin","encoding":"base64"}}\n' % number
            yield head + base64.b64encode(content) + tail

    made, growth = post(hub, repo, lines())
    assert made.status == 200, made.body
    assert growth < GROWTH_BYTES_MAX
    rows = tree(hub, repo)
    assert len(rows) == count
    assert sum(row["size"] for row in rows.values()) == count * file_bytes
    for path, digest in digests.items():
        body = hub.get(f"/{repo}/resolve/main/{path}").body
        assert hashlib.sha256(body).hexdigest() == digest
