"""The LFS road as the clients walk it, step by step, and where it must refuse."""

import hashlib
import json
import os

from proxy import CuttingProxy

BASE = {"operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256"}

LARGE_BYTES = (512 << 20) + 12345  # above this the hub asks for parts
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


def commit(hub, token, repo, oid, size):
    lines = [{"key": "header", "value": {"summary": "c"}},
             {"key": "lfsFile", "value": {"path": "data.bin", "algo": "sha256", "oid": oid,
                                          "size": size}}]
    reply = hub.request(
        "POST", f"/api/models/{repo}/commit/main", token=token,
        body="\n".join(map(json.dumps, lines)).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert reply.status == 200, reply.body


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
    commit(hub, owner, repo, item["oid"], len(data))
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


def in_parts(hub, token, repo, data):
    """(id, completion href, [(number, href, bytes)]) of an upload that the hub wants in parts."""
    whole, item = batch(hub, token, repo, data)
    assert whole["transfer"] == "multipart"
    header = dict(item["actions"]["upload"]["header"])
    size = int(header.pop("chunk_size"))
    numbers = sorted(header)
    assert len(numbers) == -(-len(data) // size) and all(name.isdigit() for name in numbers)
    parts = [(int(n), header[n], data[(int(n) - 1) * size : int(n) * size]) for n in numbers]
    return item["oid"], item["actions"]["upload"]["href"], parts


def complete(hub, oid, href, etags):
    parts = [{"partNumber": number, "etag": etags[number]} for number in sorted(etags)]
    return hub.request("POST", href, token=None, json_body={"oid": oid, "parts": parts})


def test_multipart_in_any_order(hub, owner, repo):
    data = os.urandom(LARGE_BYTES)
    oid, href, parts = in_parts(hub, owner, repo, data)
    etags = {}
    for number, part_href, block in [*reversed(parts), parts[0]]:  # backwards, the first twice
        reply = put(hub, part_href, block)
        assert reply.status == 200
        etags[number] = reply.headers["ETag"]
    done = complete(hub, oid, href, etags)
    assert done.status == 200, done.body
    commit(hub, owner, repo, oid, len(data))
    got = hub.get(f"/{repo}/resolve/main/data.bin").body
    assert hashlib.sha256(got).hexdigest() == oid


def test_multipart_of_wrong_bytes(hub, owner, repo):
    data = os.urandom(LARGE_BYTES)
    oid, href, parts = in_parts(hub, owner, repo, data)
    etags = {}
    for number, part_href, block in parts[1:]:
        etags[number] = put(hub, part_href, block).headers["ETag"]
    assert 400 <= complete(hub, oid, href, etags).status < 500, "the first part is missing"
    wrong = put(hub, parts[0][1], bytes(len(parts[0][2])))
    etags[parts[0][0]] = wrong.headers["ETag"]
    assert 400 <= complete(hub, oid, href, etags).status < 500, "the first part is wrong"
    assert "actions" in batch(hub, owner, repo, data)[1]


def test_client_sends_parts(hub, client, repo, tmp_path):
    path = tmp_path / "large.bin"
    data = os.urandom(LARGE_BYTES)
    path.write_bytes(data)
    with CuttingProxy(hub.address) as proxy:
        client.at(endpoint=proxy.endpoint).call(
            "upload_file", repo_id=repo, path_in_repo="large.bin", path_or_fileobj=str(path)
        )
        assert proxy.count("PUT") > 1, "it was sent in one piece"
    got = hub.get(f"/{repo}/resolve/main/large.bin").body
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()


def test_strangers_get_no_batch(hub, owner, repo):
    sha256 = hashlib.sha256(b"x").hexdigest()
    body = BASE | {"objects": [{"oid": sha256, "size": 1}]}
    path = f"/{repo}.git/info/lfs/objects/batch"
    reply = hub.request("POST", path, token=None, json_body=body)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Basic")
