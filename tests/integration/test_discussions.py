"""Discussions and pull requests, by unmodified clients of two versions and two users."""

import pytest
from client import ClientError, add, as_bytes


@pytest.fixture(scope="session")
def guest_token(hub):
    return hub.user("guest")


@pytest.fixture
def guest(client, guest_token):
    """The same client for someone who may only read what is acme's."""
    return client.at(token=guest_token)


def details(client, repo, number):
    return client.call("get_discussion_details", repo_id=repo, discussion_num=number)


def publish(client, repo, number):
    client.call(
        "change_discussion_status", repo_id=repo, discussion_num=number, new_status="open"
    )


def test_a_talk_from_opening_to_closing(client, guest, repo):
    made = guest.call("create_discussion", repo_id=repo, title="Which licence?")
    number = made["num"]
    assert (number, made["status"], made["author"]) == (1, "open", "guest")
    told = client.call("comment_discussion", repo_id=repo, discussion_num=number, comment="MIT")
    client.call(
        "edit_discussion_comment",
        repo_id=repo,
        discussion_num=number,
        comment_id=told["id"],
        new_content="Apache",
    )
    with pytest.raises(ClientError) as refused:
        guest.call(
            "hide_discussion_comment",
            repo_id=repo,
            discussion_num=number,
            comment_id=told["id"],
        )
    assert refused.value.status == 403
    guest.call("rename_discussion", repo_id=repo, discussion_num=number, new_title="Licence")
    guest.call(
        "change_discussion_status", repo_id=repo, discussion_num=number, new_status="closed"
    )
    now = details(client, repo, number)
    assert (now["title"], now["status"]) == ("Licence", "closed")
    kinds = [event["type"] for event in now["events"]]
    assert kinds == ["comment", "comment", "title-change", "status-change"]
    assert now["events"][1]["content"] == "Apache"
    assert now == details(client, repo, number)


def test_a_draft_is_filled_published_and_merged(hub, client, guest, repo):
    client.call(
        "upload_file", repo_id=repo, path_in_repo="a.txt", path_or_fileobj=as_bytes(b"one\n")
    )
    draft = guest.call("create_pull_request", repo_id=repo, title="Better files")
    number = draft["num"]
    assert draft["status"] == "draft"
    big = bytes(range(256)) * 100
    guest.call(
        "create_commit",
        repo_id=repo,
        operations=[add("a.txt", b"two\n"), add("w.bin", big)],
        commit_message="Better",
        revision=f"refs/pr/{number}",
    )
    client.call(
        "upload_file", repo_id=repo, path_in_repo="b.txt", path_or_fileobj=as_bytes(b"main\n")
    )
    publish(guest, repo, number)
    seen = details(client, repo, number)
    assert "-one\n+two\n" in seen["diff"]
    assert not seen["conflicting_files"]
    with pytest.raises(ClientError) as refused:
        guest.call("merge_pull_request", repo_id=repo, discussion_num=number)
    assert refused.value.status == 403
    client.call("merge_pull_request", repo_id=repo, discussion_num=number)
    seen = details(client, repo, number)
    assert seen["status"] == "merged"
    head = client.call("repo_info", repo_id=repo)["sha"]
    assert seen["merge_commit_oid"] == head
    for path, content in {"a.txt": b"two\n", "b.txt": b"main\n", "w.bin": big}.items():
        assert hub.get(f"/{repo}/resolve/main/{path}").body == content
    with pytest.raises(ClientError) as again:
        client.call("merge_pull_request", repo_id=repo, discussion_num=number)
    assert again.value.status == 409


def test_a_conflict_is_named(client, guest, repo):
    for user, extra in ((guest, {"create_pr": True}), (client, {})):
        user.call(
            "upload_file",
            repo_id=repo,
            path_in_repo="a.txt",
            path_or_fileobj=as_bytes(user.token.encode()),
            **extra,
        )
    assert details(client, repo, 1)["conflicting_files"] == ["a.txt"]
    with pytest.raises(ClientError) as refused:
        client.call("merge_pull_request", repo_id=repo, discussion_num=1)
    assert refused.value.status == 409
    assert "a.txt" in refused.value.text
    assert details(client, repo, 1)["status"] == "open"


def test_lists(client, guest, repo):
    guest.call("create_discussion", repo_id=repo, title="First")
    client.call("create_pull_request", repo_id=repo, title="Second")

    def numbers(**filters):
        return [row["num"] for row in client.call("get_repo_discussions", repo_id=repo, **filters)]

    assert numbers() == [2, 1]
    assert numbers(author="guest") == [1]
    assert numbers(discussion_type="pull_request", discussion_status="open") == [2]
    assert numbers(discussion_status="closed") == []
