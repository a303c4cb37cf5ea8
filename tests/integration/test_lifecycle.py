"""What becomes of whole repositories and their history, by unmodified clients and by waag."""

import pytest
from client import ClientError, add

DELETE_LFS = """
from huggingface_hub import HfApi
api = HfApi()
result = None
if hasattr(api, "list_lfs_files"):
    listed = list(api.list_lfs_files(repo_id=repo))
    result = sorted(file.filename for file in listed)
    doomed = [file for file in listed if file.filename == "m.bin"]
    api.permanently_delete_lfs_files(repo_id=repo, lfs_files=doomed)
"""


def commit(client, repo, path, data, revision="main"):
    return client.call(
        "create_commit",
        repo_id=repo,
        operations=[add(path, data)],
        commit_message=f"Add {path}",
        revision=revision,
    )


def download(client, repo, path, **where):
    with open(client.call("hf_hub_download", repo_id=repo, filename=path, **where), "rb") as file:
        return file.read()


@pytest.mark.parametrize("private", [False, True])
def test_a_moved_repo_is_found_under_its_old_name(hub, owner, client, repo, private):
    settings = f"/api/models/{repo}/settings"
    assert hub.request("PUT", settings, token=owner, json_body={"private": private}).status == 200
    commit(client, repo, "a.txt", b"words")
    commit(client, repo, "m.bin", b"weights")
    moved = f"{repo}-moved"
    client.call("move_repo", from_id=repo, to_id=moved)
    assert client.call("model_info", repo_id=repo)["id"] == moved
    assert download(client, repo, "a.txt") == b"words"
    assert download(client, repo, "m.bin") == b"weights"
    commit(client, repo, "b.txt", b"by the old name")
    assert "b.txt" in client.call("list_repo_files", repo_id=moved)
    commit(client, repo, "n.bin", b"an LFS file by the old name")
    assert download(client, moved, "n.bin") == b"an LFS file by the old name"
    seen = hub.get(f"/api/models/{repo}", token=None)
    assert seen.status == (401 if private else 307)
    client.call("move_repo", from_id=moved, to_id=repo)
    assert client.call("model_info", repo_id=repo)["id"] == repo


def test_a_squashed_branch_has_one_commit_and_all_files(client, repo):
    commit(client, repo, "a.txt", b"1")
    commit(client, repo, "m.bin", b"weights")
    client.call("create_branch", repo_id=repo, branch="aside")
    commit(client, repo, "a.txt", b"2")
    client.call("super_squash_history", repo_id=repo, commit_message="All in one")
    commits = client.call("list_repo_commits", repo_id=repo)
    assert [made["title"] for made in commits] == ["All in one"]
    assert len(client.call("list_repo_commits", repo_id=repo, revision="aside")) == 3
    assert download(client, repo, "a.txt") == b"2"
    assert download(client, repo, "m.bin") == b"weights"
    with pytest.raises(ClientError) as missing:
        client.call("super_squash_history", repo_id=repo, branch="none")
    assert missing.value.kind == "RevisionNotFoundError"


def test_deleted_lfs_files_are_in_no_commit(client, repo):
    commit(client, repo, "m.bin", b"to be gone")
    first = client.call("list_repo_commits", repo_id=repo)[0]["commit_id"]
    commit(client, repo, "n.bin", b"to stay")
    listed = client.script(DELETE_LFS, repo=repo)
    if listed is None:
        return  # a client from before the feature
    assert listed == ["m.bin", "n.bin"]
    assert set(client.call("list_repo_files", repo_id=repo)) == {".gitattributes", "n.bin"}
    assert download(client, repo, "n.bin") == b"to stay"
    with pytest.raises(ClientError) as forgotten:
        client.call("list_repo_files", repo_id=repo, revision=first)
    assert forgotten.value.kind == "RevisionNotFoundError"


def test_a_deleted_repo_comes_back_from_the_trash(hub, client, repo):
    commit(client, repo, "m.bin", b"weights")
    client.call("delete_repo", repo_id=repo)
    assert not client.call("repo_exists", repo_id=repo)
    listed = {item["id"]: item for item in hub.cli("repo", "ls", "--trash")}
    assert listed[repo]["deletedBy"] == "acme"
    client.call("create_repo", repo_id=repo)
    with pytest.raises(RuntimeError, match="already exists"):
        hub.cli("repo", "restore", "model", repo)
    back = f"{repo}-back"
    assert hub.cli("repo", "restore", "model", repo, "--as", back.split("/")[1])["id"] == back
    assert download(client, back, "m.bin") == b"weights"


def test_likes_are_counted(hub, owner, client, repo):
    assert hub.request("POST", f"/api/models/{repo}/like", token=owner).status == 200
    assert client.call("model_info", repo_id=repo)["likes"] == 1
    assert repo in client.call("list_liked_repos", user="acme")["models"]
    client.call("unlike", repo_id=repo)
    assert client.call("model_info", repo_id=repo)["likes"] == 0
