"""Every write of the Hub's API, made by unmodified clients of several versions."""

import hashlib
import json
import os
import shutil

import pytest
import versions
from client import ClientError, add, as_bytes, as_file, as_stream, copy, delete
from conftest import digests

NOISE = os.urandom(3 << 20)  # not text: goes the LFS road


def names(client, repo, revision=None):
    return set(client.call("list_repo_files", repo_id=repo, revision=revision)) - {
        ".gitattributes"
    }


def content(hub, repo, path, revision="main"):
    reply = hub.get(f"/{repo}/resolve/{revision}/{path}")
    assert reply.status == 200, reply.body
    return reply.body


def test_login_and_whoami(client):
    stored = client.at(token=None)
    group = ["auth"] if client.tool == "hf" else []
    stored.cli(*group, "login", "--token", client.token)
    assert "acme" in stored.cli(*group, "whoami").stdout
    assert stored.call("whoami")["name"] == "acme"


def test_wrong_token_is_refused(client):
    with pytest.raises(ClientError) as refused:
        client.at(token="hf_" + "a" * 37).call("whoami")
    assert refused.value.status == 401


@pytest.mark.parametrize("kind,prefix", [("model", ""), ("dataset", "datasets/")])
def test_create_and_delete(hub, client, kind, prefix):
    repo = f"acme/made-{kind}-{client.version}".replace(".", "-")
    made = client.call("create_repo", repo_id=repo, repo_type=kind)
    assert made == f"{hub.endpoint}/{prefix}{repo}"
    with pytest.raises(ClientError) as taken:
        client.call("create_repo", repo_id=repo, repo_type=kind)
    assert taken.value.status == 409
    again = client.call("create_repo", repo_id=repo, repo_type=kind, exist_ok=True)
    assert again == made
    assert client.call("repo_exists", repo_id=repo, repo_type=kind)
    commits = client.call("list_repo_commits", repo_id=repo, repo_type=kind)
    assert [commit["title"] for commit in commits] == ["initial commit"]
    client.call("delete_repo", repo_id=repo, repo_type=kind)
    assert not client.call("repo_exists", repo_id=repo, repo_type=kind)
    with pytest.raises(ClientError) as gone:
        client.call("delete_repo", repo_id=repo, repo_type=kind)
    assert gone.value.kind == "RepositoryNotFoundError"


def test_upload_file_from_path_bytes_and_stream(hub, client, repo, tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(NOISE)
    sources = {"path.bin": str(path), "bytes.bin": as_bytes(NOISE[:-1]),
               "stream.bin": as_stream(NOISE[1:]), "open.bin": as_file(path),
               "small.txt": as_bytes(b"text\n"), "empty.txt": as_bytes(b"")}
    for name, source in sources.items():
        client.call("upload_file", repo_id=repo, path_in_repo=name, path_or_fileobj=source)
    expected = [NOISE, NOISE[:-1], NOISE[1:], NOISE, b"text\n", b""]
    for name, data in zip(sources, expected):
        assert content(hub, repo, name) == data, name


def test_same_file_again_makes_no_commit(client, repo):
    def upload():
        source = as_bytes(NOISE[:5000])
        client.call("upload_file", repo_id=repo, path_in_repo="a.bin", path_or_fileobj=source)
        return client.call("repo_info", repo_id=repo)["sha"]

    assert upload() == upload()


def test_commit_of_all_operations(hub, client, repo):
    def commit(*operations, **more):
        arguments = {"repo_id": repo, "operations": list(operations), "commit_message": "c"}
        return client.call("create_commit", **arguments, **more)["oid"]

    first = commit(
        add("keep.txt", b"keep"), add("gone.txt", b"gone"), add("w/a.bin", NOISE),
        add("old/x.txt", b"x"), add("old/deep/y.txt", b"y"),
    )
    second = commit(
        add("new.txt", b"new"), delete("gone.txt"), delete("old/", folder=True),
        copy("w/a.bin", "w/b.bin"), add("keep.txt", b"kept"), parent_commit=first,
    )
    assert names(client, repo) == {"keep.txt", "new.txt", "w/a.bin", "w/b.bin"}
    assert content(hub, repo, "keep.txt") == b"kept"
    assert content(hub, repo, "w/b.bin") == NOISE
    assert content(hub, repo, "old/deep/y.txt", first) == b"y"
    with pytest.raises(ClientError) as stale:
        commit(add("late.txt", b"late"), parent_commit=first)
    assert stale.value.status == 412
    assert client.call("repo_info", repo_id=repo)["sha"] == second
    with pytest.raises(ClientError):
        commit(delete("never-there.txt"))
    assert names(client, repo) == {"keep.txt", "new.txt", "w/a.bin", "w/b.bin"}


def test_delete_files_and_folder(client, repo):
    files = [add(name, name.encode()) for name in ("a.txt", "b.txt", "d/c.txt", "d/e/f.txt")]
    client.call("create_commit", repo_id=repo, operations=files, commit_message="all")
    client.call("delete_file", path_in_repo="a.txt", repo_id=repo)
    assert names(client, repo) == {"b.txt", "d/c.txt", "d/e/f.txt"}
    client.call("delete_folder", path_in_repo="d", repo_id=repo)
    assert names(client, repo) == {"b.txt"}


def test_upload_folder_with_patterns(client, repo, tmp_path):
    for name in ("a.txt", "b.log", "sub/c.txt", "sub/d.bin", "sub/skip/e.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(NOISE[:70000] if name.endswith(".bin") else name.encode())
    client.call(
        "upload_folder", repo_id=repo, folder_path=str(tmp_path / "in"),
        ignore_patterns=["*.log", "sub/skip/*"],
    )
    assert names(client, repo) == {"a.txt", "sub/c.txt", "sub/d.bin"}
    client.call(
        "upload_folder", repo_id=repo, folder_path=str(tmp_path / "in"), path_in_repo="again",
        allow_patterns="*.log", delete_patterns="*.txt",
    )
    assert {"again/b.log", "sub/d.bin"} <= names(client, repo)


@pytest.mark.parametrize("version", [name for name in versions.chosen() if name != "hub-new"])
def test_upload_large_folder_resumes(new_client, repo, shaped_models, version, tmp_path):
    """2.x has it no more: its upload_folder resumes by itself."""
    client = new_client(version)
    # What is done is noted beside the files, whatever the repository: each version has its own.
    source = tmp_path / "in"
    shutil.copytree(shaped_models["llama"], source, copy_function=os.link)
    arguments = {"repo_id": repo, "folder_path": str(source), "repo_type": "model",
                 "print_report": False}
    client.call("upload_large_folder", **arguments)
    before = client.call("repo_info", repo_id=repo)["sha"]
    client.call("upload_large_folder", **arguments)
    assert client.call("repo_info", repo_id=repo)["sha"] == before
    local = tmp_path / "out"
    client.call("snapshot_download", repo_id=repo, local_dir=str(local))
    assert digests(local) == digests(shaped_models["llama"])


def test_branches_and_tags(client, repo):
    def upload(revision, text):
        client.call(
            "upload_file", repo_id=repo, path_in_repo="a.txt", path_or_fileobj=as_bytes(text),
            revision=revision,
        )

    upload(None, b"main")
    client.call("create_tag", repo_id=repo, tag="v1", tag_message="first")
    client.call("create_branch", repo_id=repo, branch="feat/x")
    upload("feat/x", b"branch")
    upload(None, b"later")
    refs = client.call("list_repo_refs", repo_id=repo)
    assert {branch["name"] for branch in refs["branches"]} == {"main", "feat/x"}
    assert [tag["name"] for tag in refs["tags"]] == ["v1"]

    def read(revision):
        path = client.call(
            "hf_hub_download", repo_id=repo, filename="a.txt", revision=revision
        )
        with open(path, "rb") as file:
            return file.read()

    assert (read("v1"), read("feat/x"), read("main")) == (b"main", b"branch", b"later")
    with pytest.raises(ClientError) as taken:
        client.call("create_branch", repo_id=repo, branch="feat/x")
    assert taken.value.status == 409
    client.call("create_branch", repo_id=repo, branch="feat/x", exist_ok=True)
    client.call("delete_branch", repo_id=repo, branch="feat/x")
    client.call("delete_tag", repo_id=repo, tag="v1")
    assert not client.call("revision_exists", repo_id=repo, revision="feat/x")
    with pytest.raises(ClientError):
        client.call("delete_branch", repo_id=repo, branch="main")


def test_readme_with_metadata(hub, client, repo):
    card = b"---\nlicense: mit\ntags:\n- tiny\npipeline_tag: text-generation\n---\n# A\n"

    def upload(text):
        client.call(
            "upload_file", repo_id=repo, path_in_repo="README.md", path_or_fileobj=as_bytes(text)
        )

    upload(card)
    with pytest.raises(ClientError) as refused:
        upload(b"---\nlicense: [unclosed\n---\n")
    assert refused.value.kind in ("ValueError", "BadRequestError", "HfHubHTTPError")
    assert content(hub, repo, "README.md") == card


def test_private_repo_is_nobody_elses(hub, client):
    repo = f"acme/private-{client.version}".replace(".", "-")
    secret = os.urandom(300_000)  # in no repository that a stranger may read
    client.call("create_repo", repo_id=repo, private=True)
    client.call("upload_file", repo_id=repo, path_in_repo="a.bin", path_or_fileobj=as_bytes(secret))
    path = client.call("hf_hub_download", repo_id=repo, filename="a.bin")
    with open(path, "rb") as file:
        assert file.read() == secret
    stranger = hub.user("other-" + client.version.replace(".", "-"))
    for token in (stranger, None):
        other = client.at(token=token, home=client.home / f"stranger{token is None}")
        with pytest.raises(ClientError) as hidden:
            other.call("hf_hub_download", repo_id=repo, filename="a.bin")
        assert hidden.value.kind in ("RepositoryNotFoundError", "LocalEntryNotFoundError")
        assert not other.call("repo_exists", repo_id=repo)
        with pytest.raises(ClientError):
            other.call(
                "upload_file", repo_id=repo, path_in_repo="b", path_or_fileobj=as_bytes(b"b")
            )
    # Naming a hash grants nothing: the stranger commits it into an own repo without its bytes.
    own = hub.request("POST", "/api/repos/create", token=stranger,
                      json_body={"name": f"thief-{client.version}".replace(".", "-")})
    assert own.status == 200
    own_id = own.json()["url"].removeprefix(hub.endpoint + "/")
    sha256 = hashlib.sha256(secret).hexdigest()
    value = {"path": "a.bin", "algo": "sha256", "oid": sha256, "size": len(secret)}
    lines = b'{"key":"header","value":{"summary":"steal"}}\n'
    lines += json.dumps({"key": "lfsFile", "value": value}).encode()
    refused = hub.request(
        "POST", f"/api/models/{own_id}/commit/main", token=stranger, body=lines,
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert 400 <= refused.status < 500
    assert hub.get(f"/{own_id}/resolve/main/a.bin", token=stranger).status == 404


def test_read_token_may_not_write(hub, client, repo):
    token = hub.cli("token", "create", "reader", "--user", "acme", "--role", "read")["token"]
    with pytest.raises(ClientError) as refused:
        client.at(token=token).call(
            "upload_file", repo_id=repo, path_in_repo="a", path_or_fileobj=as_bytes(b"a")
        )
    assert refused.value.status == 403


def test_tree_and_paths_info(client, repo):
    files = [add("a.txt", b"12345"), add("d/b.bin", NOISE[:4000]), add("d/e/c.txt", b"c")]
    client.call("create_commit", repo_id=repo, operations=files, commit_message="all")
    tree = client.call("list_repo_tree", repo_id=repo, recursive=True)
    rows = {row["path"]: row for row in tree}
    assert set(rows) == {".gitattributes", "a.txt", "d", "d/b.bin", "d/e", "d/e/c.txt"}
    assert rows["a.txt"]["size"] == 5 and rows["d/b.bin"]["size"] == 4000
    assert rows["d/b.bin"]["lfs"]["sha256"] == hashlib.sha256(NOISE[:4000]).hexdigest()
    assert rows["d"]["$type"] == "RepoFolder"
    sub = client.call("list_repo_tree", repo_id=repo, path_in_repo="d")
    assert {row["path"] for row in sub} == {"d/b.bin", "d/e"}
    asked = client.call("get_paths_info", repo_id=repo, paths=["a.txt", "d", "none"])
    assert {row["path"] for row in asked} == {"a.txt", "d"}
    assert client.call("file_exists", repo_id=repo, filename="d/e/c.txt")
    assert not client.call("file_exists", repo_id=repo, filename="d/e/none")
    expanded = client.call("get_paths_info", repo_id=repo, paths=["a.txt"], expand=True)
    assert expanded[0]["last_commit"]["title"] == "all"


def test_visibility_can_change(client, hub, repo):
    # 0.25 has a method of its own for it, 1.x no longer has.
    method = "update_repo_visibility" if client.version == "hub-0.25" else "update_repo_settings"
    client.call(method, repo_id=repo, private=True)
    assert hub.get(f"/api/models/{repo}", token=None).status == 401
    client.call(method, repo_id=repo, private=False)
    assert hub.get(f"/api/models/{repo}", token=None).status == 200
