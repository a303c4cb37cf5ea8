"""Unmodified clients by Xet: what one version pushes another pulls, byte for byte."""

import hashlib
import os

import pytest
import versions
from client import add
from conftest import digests
from hub import Hub
from javascript import JavaScript, file
from proxy import CuttingProxy

MIB = 1 << 20
CHUNK_MAX = 128 * 1024
HUGE_BYTES = (4 << 30) + 12345


@pytest.fixture
def contents(tmp_path_factory):
    """Fresh bytes: known ones would not be sent. An empty file never goes the LFS road."""
    folder = tmp_path_factory.mktemp("contents")
    for name, data in {
        "empty.bin": b"",
        "one-byte.bin": os.urandom(1),
        "below-the-smallest-chunk.bin": os.urandom(8 * 1024 - 1),
        "one-chunk.bin": bytes(CHUNK_MAX),
        "chunk-and-a-byte.bin": bytes(CHUNK_MAX + 1),
        "two-xorbs.bin": os.urandom(70 * MIB),
        "sub/text.txt": b"text\n",
    }.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture(params=versions.chosen_xet())
def xet_client(request, new_client):
    return new_client(request.param).at(xet=True)


@pytest.fixture(params=versions.crosswise(versions.chosen_xet()), ids=" to ".join)
def xet_pair(request, new_client):
    return tuple(new_client(version).at(xet=True) for version in request.param)


def test_up_and_down(hub, xet_pair, repo, contents):
    writer, reader = xet_pair
    with CuttingProxy(hub.address) as proxy:
        via = writer.at(endpoint=proxy.endpoint)
        via.call("upload_folder", repo_id=repo, folder_path=str(contents))
        assert proxy.count("POST", "/xorb") >= 2
        assert proxy.count("PUT") == 0
        via = reader.at(endpoint=proxy.endpoint)
        got = via.call("snapshot_download", repo_id=repo)
        assert proxy.count("GET", "/data/") >= 2
    assert digests(got) == digests(contents)
    plain = reader.at(xet=False, home=reader.home / "plain")
    assert digests(plain.call("snapshot_download", repo_id=repo)) == digests(contents)


def test_command_line(xet_pair, repo, real_model, tmp_path):
    """Nothing but HF_ENDPOINT is set."""
    writer, reader = xet_pair
    writer.cli("upload", repo, real_model, ".")
    reader.cli("download", repo, "--local-dir", tmp_path / "out")
    assert digests(tmp_path / "out") == digests(real_model)


def test_a_file_that_came_by_lfs(hub, xet_client, repo, contents):
    xet_client.at(xet=False).call("upload_folder", repo_id=repo, folder_path=str(contents))
    with CuttingProxy(hub.address) as proxy:
        reader = xet_client.at(endpoint=proxy.endpoint, home=xet_client.home / "fresh")
        assert digests(reader.call("snapshot_download", repo_id=repo)) == digests(contents)
        assert proxy.count("GET", "/data/") >= 2


def test_many_small_files(xet_client, repo, tmp_path):
    for number in range(60):
        (tmp_path / f"{number}.bin").write_bytes(os.urandom(1000 + number))
    xet_client.call("upload_folder", repo_id=repo, folder_path=str(tmp_path))
    assert digests(xet_client.call("snapshot_download", repo_id=repo)) == digests(tmp_path)


def test_a_pull_request(hub, xet_client, repo):
    data = os.urandom(200_000)
    made = xet_client.call(
        "create_commit", repo_id=repo, operations=[add("a.bin", data)], commit_message="pull",
        create_pr=True,
    )
    assert hub.get(f"/{repo}/resolve/refs%2Fpr%2F{made['pr_num']}/a.bin").body == data


def test_a_private_repo(hub, xet_client, owner):
    name = f"secret-{xet_client.version}".replace(".", "-")
    body = {"name": name, "organization": "acme", "type": "dataset", "private": True}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    data = os.urandom(200_000)
    where = {"repo_id": f"acme/{name}", "repo_type": "dataset"}
    xet_client.call("create_commit", operations=[add("a.bin", data)], commit_message="a", **where)
    got = xet_client.call("hf_hub_download", filename="a.bin", **where)
    with open(got, "rb") as pulled:
        assert pulled.read() == data


@pytest.mark.skipif(not os.environ.get("WAAG_CLIENTS"), reason="4 GiB: make reliability")
def test_more_than_4_gib(hub, xet_client, repo, tmp_path):
    path = tmp_path / "huge.bin"
    with path.open("wb") as out:
        out.truncate(HUGE_BYTES)
        out.seek(3 << 30)
        out.write(os.urandom(10 * MIB))
    xet_client.call(
        "upload_file", repo_id=repo, path_in_repo="huge.bin", path_or_fileobj=str(path)
    )
    pulled = xet_client.call("hf_hub_download", repo_id=repo, filename="huge.bin")
    with path.open("rb") as ours, open(pulled, "rb") as theirs:
        assert hashlib.file_digest(theirs, "sha256").digest() == hashlib.file_digest(
            ours, "sha256"
        ).digest()


def test_javascript(hub, owner, repo, new_client, contents, tmp_path):
    """Its shards have footers, and it asks for several ranges at once."""
    with CuttingProxy(hub.address) as proxy:
        js = JavaScript(proxy.endpoint, owner)
        where = {"type": "model", "name": repo}
        ours = digests(contents)
        files = [{"path": name, "content": file(contents / name)} for name in ours]
        js.call("uploadFiles", repo=where, files=files)
        assert proxy.count("POST", "/xorb") >= 2
        for name, digest in ours.items():
            assert js.call("downloadFile", repo=where, path=name)["sha256"] == digest, name
        assert proxy.count("GET", "/data/") >= 2
    reader = new_client("hub-new").at(xet=True)
    assert digests(reader.call("snapshot_download", repo_id=repo)) == digests(contents)


def test_javascript_reads_parts_of_xorbs(hub, owner, repo, new_client, tmp_path):
    """A file whose terms lie in several places of one xorb."""
    block = [os.urandom(MIB) for _ in range(8)]
    (tmp_path / "all.bin").write_bytes(b"".join(block))
    (tmp_path / "some.bin").write_bytes(b"".join(block[n] for n in (6, 1, 4, 1)))
    writer = new_client("hub-new").at(xet=True)
    for name in ("all.bin", "some.bin"):
        path = str(tmp_path / name)
        writer.call("upload_file", repo_id=repo, path_in_repo=name, path_or_fileobj=path)
    js = JavaScript(hub.endpoint, owner)
    for name in ("all.bin", "some.bin"):
        want = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        got = js.call("downloadFile", repo={"type": "model", "name": repo}, path=name)
        assert got["sha256"] == want


def test_turned_off(tmp_path, new_client, contents):
    """No hint is given anywhere, and clients that can do without Xet do."""
    with Hub(tmp_path / "data", {"xet.enabled": "false"}) as hub:
        client = new_client("hub-0.36").at(endpoint=hub.endpoint, token=hub.token, xet=True)
        repo = client.call("create_repo", repo_id="plain").removeprefix(hub.endpoint + "/")
        client.call("upload_folder", repo_id=repo, folder_path=str(contents))
        assert digests(client.call("snapshot_download", repo_id=repo)) == digests(contents)
        reply = hub.request("HEAD", f"/{repo}/resolve/main/one-byte.bin")
        assert reply.headers["X-Xet-Hash"] is None and reply.headers["Link"] is None
        tree = hub.get(f"/api/models/{repo}/tree/main").json()
        assert not any("xetHash" in row for row in tree)
        assert hub.get(f"/api/models/{repo}/xet-read-token/main").status == 404
