"""The LFS road as the clients walk it, step by step, and where it must refuse."""

import hashlib
import os

import pytest

BASE = {"operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256"}

LFS_JSON = "application/vnd.git-lfs+json"


def batch(hub, token, repo, data, **more):
    sha256 = hashlib.sha256(data).hexdigest()
    body = BASE | {"objects": [{"oid": sha256, "size": len(data)}]} | more
    accept = {"Accept": LFS_JSON, "Content-Type": LFS_JSON}
    reply = hub.request(
        "POST", f"/{repo}.git/info/lfs/objects/batch", token=token, json_body=body, headers=accept
    )
    assert reply.status == 200, reply.body
    return reply.json(), reply.json()["objects"][0]


def put(hub, href, data):
    assert href.startswith(hub.endpoint)
    return hub.request("PUT", href, token=None, body=data)


def test_basic_then_known(hub, owner, repo):
    data = os.urandom(100_000)
    whole, item = batch(hub, owner, repo, data)
    assert whole.get("transfer", "basic") == "basic"
    assert put(hub, item["actions"]["upload"]["href"], data).status in (200, 201, 204)
    verify = item["actions"].get("verify")
    if verify:
        body = {"oid": item["oid"], "size": len(data)}
        assert hub.request("POST", verify["href"], token=owner, json_body=body).status == 200
    assert "actions" not in batch(hub, owner, repo, data)[1]
    download = batch(hub, owner, repo, data, operation="download")[1]
    assert hub.get(download["actions"]["download"]["href"], token=None).body == data


def test_wrong_bytes_are_refused(hub, owner, repo):
    data = os.urandom(50_000)
    href = batch(hub, owner, repo, data)[1]["actions"]["upload"]["href"]
    wrong = bytearray(data)
    wrong[777] ^= 1
    assert put(hub, href, bytes(wrong)).status == 422
    assert put(hub, href, data[:-1]).status in (400, 422)
    assert "actions" in batch(hub, owner, repo, data)[1]
    assert put(hub, href, data).status in (200, 201, 204)


def test_signature_decides(hub, owner, repo):
    data = os.urandom(1000)
    href = batch(hub, owner, repo, data)[1]["actions"]["upload"]["href"]
    assert put(hub, href.split("?")[0], data).status in (401, 403)
    broken = href[:-1] + ("0" if href[-1] != "0" else "1")
    assert put(hub, broken, data).status in (401, 403)


def test_missing_object_on_download(hub, owner, repo):
    item = batch(hub, owner, repo, b"never uploaded", operation="download")[1]
    assert item["error"]["code"] == 404
    assert "actions" not in item


def test_multipart_in_any_order(hub, owner, repo):
    data = os.urandom(75 << 20)
    whole, item = batch(hub, owner, repo, data, transfers=["multipart"])
    assert whole["transfer"] == "multipart"
    header = dict(item["actions"]["upload"]["header"])
    size = int(header.pop("chunk_size"))
    numbers = sorted(header)
    assert len(numbers) == -(-len(data) // size) and all(n.isdigit() for n in numbers)
    etags = {}
    for key in [*reversed(numbers), numbers[0]]:  # backwards, the first one twice
        at = (int(key) - 1) * size
        reply = put(hub, header[key], data[at : at + size])
        assert reply.status == 200
        etags[int(key)] = reply.headers["ETag"]
    parts = [{"partNumber": number, "etag": etags[number]} for number in sorted(etags)]
    body = {"oid": item["oid"], "parts": parts}
    done = hub.request("POST", item["actions"]["upload"]["href"], token=None, json_body=body)
    assert done.status == 200, done.body
    download = batch(hub, owner, repo, data, operation="download")[1]
    got = hub.get(download["actions"]["download"]["href"], token=None).body
    assert hashlib.sha256(got).hexdigest() == item["oid"]


@pytest.mark.parametrize("fault", ["missing part", "wrong bytes"])
def test_multipart_that_must_fail(hub, owner, repo, fault):
    data = os.urandom(70 << 20)
    _, item = batch(hub, owner, repo, data, transfers=["multipart"])
    header = dict(item["actions"]["upload"]["header"])
    size = int(header.pop("chunk_size"))
    parts = []
    for key in sorted(header):
        at = (int(key) - 1) * size
        block = data[at : at + size]
        if key == min(header) and fault == "missing part":
            continue
        if key == min(header):
            block = b"\0" * len(block)
        etag = put(hub, header[key], block).headers["ETag"]
        parts.append({"partNumber": int(key), "etag": etag})
    body = {"oid": item["oid"], "parts": parts}
    done = hub.request("POST", item["actions"]["upload"]["href"], token=None, json_body=body)
    assert 400 <= done.status < 500
    assert "actions" in batch(hub, owner, repo, data)[1]


def test_strangers_get_no_batch(hub, owner, repo):
    sha256 = hashlib.sha256(b"x").hexdigest()
    body = BASE | {"objects": [{"oid": sha256, "size": 1}]}
    path = f"/{repo}.git/info/lfs/objects/batch"
    reply = hub.request("POST", path, token=None, json_body=body)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Basic")
