"""The Rust crate hf-hub: 0.4, which many programs carry, and 1.x. Only in `make reliability`."""

import hashlib
import itertools
import json
import os
import pathlib

import pytest
from client import add
from rust_client import RustClient

NOISE = os.urandom(12_000_000)  # several parts of a parallel download; beyond what git holds plain
_numbers = itertools.count(1)


@pytest.fixture
def rust(hub, owner, homes):
    """rust(version) -> RustClient of acme with a fresh home."""
    return lambda version, token=owner: RustClient(
        version, hub.endpoint, token, homes / f"rust{next(_numbers)}"
    )


@pytest.fixture
def filled(new_client, repo):
    files = [add("config.json", b'{"a":1}'), add("w/model.bin", NOISE), add("empty.txt", b""),
             add("a dir/ü+1.txt", b"odd")]
    return new_client("hub-new").call(
        "create_commit", repo_id=repo, operations=files, commit_message="all"
    )["oid"]


def content(lines) -> bytes:
    return pathlib.Path(lines[-1]).read_bytes()


@pytest.mark.parametrize("version", ["hf-hub-0.4", "hf-hub-1"])
def test_get(rust, repo, filled, version):
    client = rust(version)
    wanted = {"config.json": b'{"a":1}', "w/model.bin": NOISE, "a dir/ü+1.txt": b"odd"}
    for name, data in wanted.items():
        for revision in ("main", filled):
            assert content(client.run("get", repo, revision, name)) == data, name
    with pytest.raises(RuntimeError, match="404|EntryNotFound"):
        client.run("get", repo, "main", "none")


def test_empty_file(rust, repo, filled):
    assert content(rust("hf-hub-1").run("get", repo, "main", "empty.txt")) == b""


def test_cache_is_shared_with_python(rust, new_client, repo, filled):
    for version in ("hf-hub-0.4", "hf-hub-1"):
        client = rust(version)
        client.run("get", repo, filled, "w/model.bin")
        reader = new_client("hub-new").at(home=client.home)
        path = reader.call("hf_hub_download", repo_id=repo, filename="w/model.bin",
                           revision=filled, local_files_only=True)
        assert pathlib.Path(path).read_bytes() == NOISE


def test_info(rust, repo, filled):
    sha, *names = rust("hf-hub-0.4").run("info", repo, "main")
    expected = {".gitattributes", "config.json", "w/model.bin", "empty.txt", "a dir/ü+1.txt"}
    assert sha == filled and set(names) == expected
    new = rust("hf-hub-1")
    assert new.run("info", repo) == [filled]
    rows = dict(line.split(" ", 1)[::-1] for line in new.run("tree", repo, "main"))
    assert set(rows) == expected | {"w", "a dir"}
    assert rows["w/model.bin"] == str(len(NOISE)) and rows["w"] == "-"
    assert new.run("has", repo, "main", "config.json") == ["true"]
    assert new.run("has", repo, "main", "none") == ["false"]


def test_snapshot(rust, repo, filled):
    folder = pathlib.Path(rust("hf-hub-1").run("snapshot", repo, "main")[-1])
    assert (folder / "w/model.bin").read_bytes() == NOISE
    assert (folder / "empty.txt").read_bytes() == b""


def test_create_upload_and_delete(hub, rust, new_client, tmp_path):
    client, repo = rust("hf-hub-1"), "acme/made-by-rust"
    assert client.run("create", repo) == [f"{hub.endpoint}/{repo}"]
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "small.txt").write_text("small\n")
    (tmp_path / "in" / "sub" / "model.bin").write_bytes(NOISE)
    commit = client.run("folder", repo, tmp_path / "in")[-1]
    tree = hub.get(f"/api/models/{repo}/tree/{commit}/sub").json()
    # The crate puts the bytes into the commit when it is not offered Xet: an LFS file all the same.
    assert tree[0]["lfs"]["oid"] == hashlib.sha256(NOISE).hexdigest(), json.dumps(tree)
    client.run("upload", repo, "again.bin", tmp_path / "in" / "sub" / "model.bin")
    reader = new_client("hub-0.36")
    for name, data in (("small.txt", b"small\n"), ("sub/model.bin", NOISE), ("again.bin", NOISE)):
        path = reader.call("hf_hub_download", repo_id=repo, filename=name)
        assert pathlib.Path(path).read_bytes() == data
    removed = client.run("remove", repo, "again.bin")[-1]
    assert client.run("has", repo, "main", "again.bin") == ["false"]
    assert client.run("commits", repo)[0] == f"{removed} remove"
    client.run("delete", repo)
    assert client.run("exists", repo) == ["false"]


def test_private_repo_does_not_exist_for_strangers(hub, owner, rust, repo, filled):
    settings = f"/api/models/{repo}/settings"
    assert hub.request("PUT", settings, token=owner, json_body={"private": True}).status == 200
    for version in ("hf-hub-0.4", "hf-hub-1"):
        assert content(rust(version).run("get", repo, "main", "config.json")) == b'{"a":1}'
        for token in (None, hub.user(f"rust-{next(_numbers)}")):
            with pytest.raises(RuntimeError, match="404|401|NotFound|AuthRequired"):
                rust(version, token).run("get", repo, "main", "config.json")
