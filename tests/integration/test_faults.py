"""Death in mid-upload, a full disk, many transfers at once, an index that is gone."""

import hashlib
import http.client
import json
import os
import shutil
import socket
import threading

import pytest
from client import Client, add
from hub import Hub
from test_lfs import LARGE_BYTES, complete, in_parts
from test_lfs import commit as commit_lfs

MIB = 1 << 20


def answers(hub: Hub, repo: str) -> dict:
    """What readers are told: every file's bytes, the tree and the history."""
    out = {}
    for part in ("", "/refs", "/tree/main?recursive=true", "/commits/main"):
        out[part] = hub.get(f"/api/models/{repo}{part}").json()
    for counter in ("downloads", "downloadsAllTime", "trendingScore"):
        del out[""][counter]  # reading is counted
    for row in out["/tree/main?recursive=true"]:
        if row["type"] == "file":
            body = hub.get(f"/{repo}/resolve/main/{row['path']}").body
            out[row["path"]] = hashlib.sha256(body).hexdigest()
    return out


def post_commit(hub: Hub, repo: str, lines: list[dict]):
    body = "\n".join(map(json.dumps, lines)).encode()
    kind = {"Content-Type": "application/x-ndjson"}
    return hub.request("POST", f"/api/models/{repo}/commit/main", body=body, headers=kind)


def cut_upload(hub: Hub, repo: str, data: bytes) -> None:
    """Sends half of an LFS object and kills the hub while it is being written."""
    oid = hashlib.sha256(data).hexdigest()
    body = {"operation": "upload", "transfers": ["basic"],
            "objects": [{"oid": oid, "size": len(data)}]}
    reply = hub.request("POST", f"/{repo}.git/info/lfs/objects/batch", json_body=body)
    href = reply.json()["objects"][0]["actions"]["upload"]["href"]
    host, port = hub.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as link:
        target = href.removeprefix(hub.endpoint)
        head = f"PUT {target} HTTP/1.1\r\nHost: {hub.address}\r\n"
        head += f"Content-Length: {len(data)}\r\n\r\n"
        link.sendall(head.encode() + data[: len(data) // 2])
        hub.kill()


def test_kill_in_mid_upload(own_hub, tmp_path):
    hub = own_hub.start()
    client = Client("hub-new", hub.endpoint, hub.token, tmp_path / "home")
    repo = client.call("create_repo", repo_id="admin-repo")
    repo = repo.removeprefix(hub.endpoint + "/")
    first = {f"f{n}.bin": os.urandom(200_000) for n in range(5)}
    client.call(
        "create_commit", repo_id=repo, commit_message="first",
        operations=[add(name, data) for name, data in first.items()],
    )
    before = answers(hub, repo)
    big = os.urandom(40 * MIB)
    cut_upload(hub, repo, big)

    hub.start()
    assert answers(hub, repo) == before
    client = client.at(endpoint=hub.endpoint)
    path = tmp_path / "big.bin"
    path.write_bytes(big)
    client.call("upload_file", repo_id=repo, path_in_repo="big.bin", path_or_fileobj=str(path))
    assert hub.get(f"/{repo}/resolve/main/big.bin").body == big
    assert hub.stop() == 0
    check = hub.offline("fsck")
    assert check.returncode == 0, check.stdout + check.stderr


def test_kill_between_parts(own_hub):
    """Parts that have come need not come again, and their hrefs hold."""
    hub = own_hub.start()
    made = hub.request("POST", "/api/repos/create", json_body={"name": "parts"})
    repo = made.json()["url"].removeprefix(hub.endpoint + "/")
    data = os.urandom(LARGE_BYTES)
    oid, href, parts = in_parts(hub, hub.token, repo, data)
    before = hub.endpoint
    etags = {}
    for number, part_href, block in parts:
        if number == len(parts) // 2 + 1:
            hub.kill()
            hub.start()
        target = part_href.removeprefix(before)
        reply = hub.request("PUT", target, token=None, body=block)
        assert reply.status == 200, reply.body
        etags[number] = reply.headers["ETag"]
    done = complete(hub, oid, href.removeprefix(before), etags)
    assert done.status == 200, done.body
    commit_lfs(hub, hub.token, repo, oid, len(data))
    got = hub.get(f"/{repo}/resolve/main/data.bin").body
    assert hashlib.sha256(got).hexdigest() == oid
    assert list((hub.data / "scratch").iterdir()) == []


def test_kill_between_commits(own_hub):
    """Every commit that was acknowledged before a kill is there after it."""
    hub = own_hub.start()
    body = {"name": "log"}
    repo = hub.request("POST", "/api/repos/create", json_body=body).json()["url"]
    repo = repo.removeprefix(hub.endpoint + "/")
    acknowledged = 0
    for round_number in range(5):
        for _ in range(4):
            value = {"path": f"n{acknowledged}.txt", "content": str(acknowledged),
                     "encoding": "utf-8"}
            lines = [{"key": "header", "value": {"summary": f"c{acknowledged}"}},
                     {"key": "file", "value": value}]
            reply = post_commit(hub, repo, lines)
            assert reply.status == 200, reply.body
            acknowledged += 1
        hub.kill()
        hub.start()
        for n in range(acknowledged):
            got = hub.get(f"/{repo}/resolve/main/n{n}.txt")
            assert (got.status, got.body) == (200, str(n).encode()), (round_number, n)


def flip_on_disk(hub: Hub, content: bytes) -> None:
    """Damages one byte of the stored copy of `content`, which is stored as it is."""
    for path in (hub.data / "packs").rglob("*.*"):
        at = path.read_bytes().find(content)
        if at >= 0:
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([content[0] ^ 1]))
            return
    raise AssertionError("the content is in no pack")


def cannot_be_read(hub: Hub, path: str, data: bytes) -> bool:
    """An error, or a cut connection; of the bytes that come before it, none is wrong."""
    try:
        reply = hub.get(path)
    except http.client.IncompleteRead as cut:
        assert data.startswith(cut.partial)
        return len(cut.partial) < len(data)
    except (OSError, http.client.HTTPException):
        return True
    return reply.status >= 500


@pytest.mark.parametrize("found", ["running", "after a restart"])
def test_upload_repairs_what_the_disk_damaged(own_hub, tmp_path, found):
    """A client that has the file compares hashes and would not send it: it must be asked to."""
    hub = own_hub.start()
    client = Client("hub-new", hub.endpoint, hub.token, tmp_path / "home")
    weights = os.urandom(3 * MIB)
    scan = os.urandom(9000)  # goes the LFS road too, in one chunk
    notes = os.urandom(400).hex().encode() + os.urandom(90_000)  # begins as text: a regular file
    files = {"weights.bin": weights, "scan.dat": scan, "notes.txt": notes,
             "merges.txt": os.urandom(9000).hex().encode()}
    longer = weights + os.urandom(MIB)  # of another repo, with the same chunks
    repos = []
    for name, held in (("damaged", files), ("longer", {"longer.bin": longer})):
        url = client.call("create_repo", repo_id=name)
        repos.append(url.removeprefix(hub.endpoint + "/"))
        operations = [add(path, data) for path, data in held.items()]
        client.call("create_commit", repo_id=repos[-1], operations=operations, commit_message="c")
    if found != "running":
        assert hub.stop() == 0
    for part in (weights[MIB : MIB + 64], scan[5000:5064], notes[50_000:50_064]):
        flip_on_disk(hub, part)
    if found != "running":
        hub.start()
    for name in ("weights.bin", "scan.dat", "notes.txt"):
        assert cannot_be_read(hub, f"/{repos[0]}/resolve/main/{name}", files[name]), name
    assert cannot_be_read(hub, f"/{repos[1]}/resolve/main/longer.bin", longer)
    assert hub.get(f"/{repos[0]}/resolve/main/merges.txt").body == files["merges.txt"]
    if found != "running":
        hub.kill()  # what was found damaged is known all the same
        hub.start()
    client = client.at(endpoint=hub.endpoint)
    operations = [add(path, data) for path, data in files.items()]
    client.call("create_commit", repo_id=repos[0], operations=operations, commit_message="c")

    def check_all():
        for name, data in files.items():
            assert hub.get(f"/{repos[0]}/resolve/main/{name}").body == data, name
        assert hub.get(f"/{repos[1]}/resolve/main/longer.bin").body == longer

    check_all()
    assert hub.stop() == 0
    for command in ("fsck", "rebuild-index", "fsck"):
        done = hub.offline(command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("nothing needs it") == 3, done.stdout
    hub.start()
    check_all()


def test_rebuilt_index_changes_no_answer(own_hub, real_model, tmp_path):
    hub = own_hub.start()
    client = Client("hub-new", hub.endpoint, hub.token, tmp_path / "home")
    url = client.call("create_repo", repo_id="rebuilt")
    repo = url.removeprefix(hub.endpoint + "/")
    client.call("upload_folder", repo_id=repo, folder_path=str(real_model))
    client.call("create_tag", repo_id=repo, tag="v1")
    before = answers(hub, repo)
    assert hub.stop() == 0
    rebuilt = hub.offline("rebuild-index")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    hub.start()
    assert answers(hub, repo) == before
    assert hub.stop() == 0
    shutil.rmtree(hub.data / "index")
    hub.start()
    assert answers(hub, repo) == before
    assert hub.stop() == 0
    assert hub.offline("fsck").returncode == 0


def test_full_disk_refuses_writes_and_keeps_serving(own_hub):
    hub = own_hub.start()
    made = hub.request("POST", "/api/repos/create", json_body={"name": "full"})
    repo = made.json()["url"].removeprefix(hub.endpoint + "/")
    lines = '{"key":"header","value":{"summary":"a"}}\n' \
            '{"key":"file","value":{"path":"a.txt","content":"YQ==","encoding":"base64"}}'
    commit = ("POST", f"/api/models/{repo}/commit/main")
    kind = {"Content-Type": "application/x-ndjson"}
    assert hub.request(*commit, body=lines.encode(), headers=kind).status == 200
    assert hub.stop() == 0
    hub.settings["store.reserve_bytes"] = 1 << 60
    hub.ready_path = "/healthz"  # on a full disk it is alive but not ready
    hub.start()
    refused = hub.request(*commit, body=lines.replace("a.txt", "b.txt").encode(), headers=kind)
    assert refused.status == 507
    assert hub.get(f"/{repo}/resolve/main/a.txt").body == b"a"
    assert hub.get(f"/{repo}/resolve/main/b.txt").status == 404
    assert hub.get("/readyz", token=None).status == 503
    assert hub.get("/healthz", token=None).status == 200


def test_memory_is_bounded(own_hub):
    hub = own_hub.start()
    assert hub.rss_bytes() <= 150 * MIB, "idle"
    made = hub.request("POST", "/api/repos/create", json_body={"name": "memory"})
    repo = made.json()["url"].removeprefix(hub.endpoint + "/")
    peak, failures = [0], []
    done = threading.Event()

    def watch():
        while not done.wait(0.05):
            peak[0] = max(peak[0], hub.rss_bytes())

    def transfer(seed: int):
        try:
            data = hashlib.shake_256(bytes([seed])).digest(8 * MIB)
            oid = hashlib.sha256(data).hexdigest()
            body = {"operation": "upload", "transfers": ["basic"],
                    "objects": [{"oid": oid, "size": len(data)}]}
            batch = f"/{repo}.git/info/lfs/objects/batch"
            item = hub.request("POST", batch, json_body=body).json()["objects"][0]
            put = hub.request("PUT", item["actions"]["upload"]["href"], token=None, body=data)
            assert put.status in (200, 201, 204), put.status
            value = {"path": f"{seed}.bin", "algo": "sha256", "oid": oid, "size": len(data)}
            lines = [{"key": "header", "value": {"summary": "c"}},
                     {"key": "lfsFile", "value": value}]
            assert post_commit(hub, repo, lines).status == 200
            assert hub.get(f"/{repo}/resolve/main/{seed}.bin", token=None).body == data
        except Exception as error:  # reported by the test's own thread
            failures.append(repr(error))

    threads = [threading.Thread(target=transfer, args=(n,)) for n in range(64)]
    watcher = threading.Thread(target=watch)
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join(300)
    done.set()
    watcher.join(10)
    assert failures == []
    assert 0 < peak[0] <= 400 * MIB, f"{peak[0] / MIB:.0f} MiB"
