"""@huggingface/hub: what browsers and Node programs do with a hub."""

import base64
import hashlib
import os

import pytest
from client import ClientError, add
from javascript import JavaScript, file

NOISE = os.urandom(3 << 20)  # not text: goes the LFS road
ODD_NAME = "a dir/Ünï +1.txt"  # it does not encode ? and # in names itself


@pytest.fixture
def js(hub, owner):
    return JavaScript(hub.endpoint, owner)


def model(repo):
    return {"type": "model", "name": repo}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def filled(new_client, repo):
    """A repository that the newest Python client has filled; its commit."""
    files = [add("text.txt", b"plain text\n"), add("w/data.bin", NOISE), add("empty.txt", b"")]
    files += [add(ODD_NAME, b"odd")]
    return new_client("hub-new").call(
        "create_commit", repo_id=repo, operations=files, commit_message="all"
    )["oid"]


def test_create_upload_and_delete(hub, js, new_client, tmp_path):
    repo = {"type": "dataset", "name": "acme/made-by-javascript"}
    (tmp_path / "noise.bin").write_bytes(NOISE)
    (tmp_path / "text.txt").write_text("text\n")
    assert js.call("createRepo", repo=repo)["repoUrl"] == f"{hub.endpoint}/datasets/{repo['name']}"
    with pytest.raises(ClientError) as taken:
        js.call("createRepo", repo=repo)
    assert taken.value.status == 409
    files = [{"path": name, "content": file(tmp_path / path)} for name, path in
             (("a/noise.bin", "noise.bin"), (ODD_NAME, "text.txt"))]
    oid = js.call("uploadFiles", repo=repo, files=files, commitTitle="both")["commit"]["oid"]
    reader = new_client("hub-0.36")
    for name, data in (("a/noise.bin", NOISE), (ODD_NAME, b"text\n")):
        arguments = {"repo_id": repo["name"], "filename": name, "repo_type": "dataset"}
        with open(reader.call("hf_hub_download", **arguments, revision=oid), "rb") as got:
            assert got.read() == data
    js.call("deleteRepo", repo=repo)
    assert not js.call("repoExists", repo=repo)


def test_commit_operations(js, repo, filled, tmp_path):
    (tmp_path / "new.txt").write_text("new")
    new = {"operation": "addOrUpdate", "path": "new.txt", "content": file(tmp_path / "new.txt")}
    gone = {"operation": "delete", "path": "w/data.bin"}
    arguments = {"repo": model(repo), "title": "change", "operations": [new, gone]}
    oid = js.call("commit", **arguments, parentCommit=filled)["commit"]["oid"]
    with pytest.raises(ClientError) as stale:
        js.call("commit", **arguments | {"title": "late"}, parentCommit=filled)
    assert stale.value.status == 412
    commits = js.call("listCommits", repo=model(repo))
    assert [commit["oid"] for commit in commits][:2] == [oid, filled]
    assert commits[0]["title"] == "change"
    assert js.call("countCommits", repo=model(repo)) == len(commits) == 3
    names = {row["path"] for row in js.call("listFiles", repo=model(repo), recursive=True)}
    assert names == {".gitattributes", "a dir", ODD_NAME, "empty.txt", "new.txt", "text.txt"}


def test_branches(js, repo, filled, tmp_path):
    (tmp_path / "x.txt").write_text("branch")
    js.call("createBranch", repo=model(repo), branch="feat/x")
    content = [{"path": "text.txt", "content": file(tmp_path / "x.txt")}]
    js.call("uploadFiles", repo=model(repo), files=content, branch="feat/x")

    def text(revision):
        got = js.call("downloadFile", repo=model(repo), path="text.txt", revision=revision)
        return got["sha256"]

    assert text("feat/x") == sha256(b"branch") and text("main") == sha256(b"plain text\n")
    js.call("deleteBranch", repo=model(repo), branch="feat/x")
    assert js.call("downloadFile", repo=model(repo), path="text.txt", revision="main")
    with pytest.raises(ClientError) as gone:
        text("feat/x")
    assert gone.value.status == 404


def test_listing_and_paths(js, repo, filled):
    top = {row["path"]: row for row in js.call("listFiles", repo=model(repo))}
    assert top["w"]["type"] == "directory" and top["text.txt"]["size"] == 11
    sub = js.call("listFiles", repo=model(repo), path="w", expand=True)
    assert [row["path"] for row in sub] == ["w/data.bin"]
    assert sub[0]["lfs"]["oid"] == sha256(NOISE) and sub[0]["lastCommit"]["id"] == filled
    paths = ["w/data.bin", "w", "none"]
    asked = js.call("pathsInfo", repo=model(repo), paths=paths, expand=True, revision=filled)
    assert {row["path"]: row["type"] for row in asked} == {"w/data.bin": "file", "w": "directory"}
    assert asked[0]["lastCommit"]["title"] == "all"
    assert js.call("fileExists", repo=model(repo), path=ODD_NAME)
    assert not js.call("fileExists", repo=model(repo), path="none")


def test_download_whole_and_by_slices(js, repo, filled):
    slices = [[0, 5], [70_000, 200_001], [len(NOISE) - 3, len(NOISE)]]
    got = js.call("downloadFile", slices, repo=model(repo), path="w/data.bin")
    assert (got["size"], got["sha256"]) == (len(NOISE), sha256(NOISE))
    assert [base64.b64decode(part) for part in got["parts"]] == [NOISE[a:b] for a, b in slices]
    for name, data in ((ODD_NAME, b"odd"), ("text.txt", b"plain text\n"), ("empty.txt", b"")):
        got = js.call("downloadFile", repo=model(repo), path=name, revision=filled)
        assert (got["size"], got["sha256"]) == (len(data), sha256(data)), name
    assert js.call("downloadFile", repo=model(repo), path="none") is None
    info = js.call("fileDownloadInfo", repo=model(repo), path="w/data.bin")
    assert info["size"] == len(NOISE) and info["etag"] == f'"{sha256(NOISE)}"'
    pointer = js.call("downloadFile", repo=model(repo), path="w/data.bin", raw=True)
    assert pointer["size"] == 132


def test_snapshot_in_the_shared_cache(js, new_client, repo, filled):
    """The cache's layout is that of Python's client: what one pulled, the other finds."""
    reader = new_client("hub-0.36")
    cache = reader.home / "hub"
    folder = js.call("snapshotDownload", repo=model(repo), cacheDir=str(cache))
    assert os.path.basename(folder) == filled
    found = reader.call("hf_hub_download", repo_id=repo, filename="w/data.bin",
                        local_files_only=True)
    with open(found, "rb") as got:
        assert got.read() == NOISE


def test_info_and_rights(hub, js, repo, filled):
    info = js.call("modelInfo", name=repo, additionalFields=["sha", "author"])
    assert (info["name"], info["sha"], info["author"]) == (repo, filled, "acme")
    assert js.call("whoAmI")["name"] == "acme"
    js.call("checkRepoAccess", repo=model(repo))
    hub.request("PUT", f"/api/models/{repo}/settings", token=js.token, json_body={"private": True})
    for stranger in (JavaScript(hub.endpoint, hub.user(f"js-{repo[5:]}")),
                     JavaScript(hub.endpoint, None)):
        assert not stranger.call("repoExists", repo=model(repo))
        for call in ("checkRepoAccess", "listFiles"):
            with pytest.raises(ClientError) as hidden:
                stranger.call(call, repo=model(repo))
            assert hidden.value.status in (401, 404)
    assert js.call("fileExists", repo=model(repo), path="text.txt")


def test_list_of_models(js, repo, filled):
    found = js.call("listModels", search={"owner": "acme"}, additionalFields=["author"])
    row = {row["name"]: row for row in found}[repo]
    assert row["author"] == "acme" and row["private"] is False
    assert [row["name"] for row in js.call("listModels", search={"query": repo})] == [repo]
    assert js.call("listModels", search={"owner": "nobody"}) == []
