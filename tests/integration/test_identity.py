"""Organisations, roles and fine-grained tokens, as clients and `waag` see them."""

import itertools

import pytest
from client import ClientError, add, as_bytes

_numbers = itertools.count(1)


@pytest.fixture
def org(hub, owner):
    """An organisation of its own for a test; acme, whose token the clients have, administers it."""
    name = f"org{next(_numbers)}"
    hub.cli("org", "create", name, "--full-name", "Org", "--admin", "acme", "--private")
    return name


def refused(client, method: str, status: int, **arguments):
    with pytest.raises(ClientError) as error:
        client.call(method, **arguments)
    assert error.value.status == status, error.value


def upload(client, repo: str, path: str = "a.txt", **more):
    operations = [add(path, b"text")]
    client.call("create_commit", repo_id=repo, operations=operations, commit_message="m", **more)


def create(client, repo: str) -> None:
    """Private, as the organisation wants it; version 0.25 always says itself what it is to be."""
    client.call("create_repo", repo_id=repo,
                **({"private": True} if client.version == "hub-0.25" else {}))


def test_members_share_the_repositories_of_an_organisation(hub, owner, org, client):
    me = client.call("whoami")
    mine = [entry for entry in me["orgs"] if entry["name"] == org]
    assert [(entry["fullname"], entry["roleInOrg"]) for entry in mine] == [("Org", "admin")]
    repo = f"{org}/shared"
    create(client, repo)
    assert client.call("model_info", repo_id=repo)["private"]

    member = client.at(token=hub.user(f"{org}-member"), home=client.home / "member")
    refused(member, "model_info", 404, repo_id=repo)
    for role, may_write in (("read", False), ("write", True), ("contribute", False)):
        hub.cli("org", "member", "add", org, f"{org}-member", "--role", role, token=owner)
        assert member.call("model_info", repo_id=repo)["id"] == repo
        if may_write:
            upload(member, repo)
        else:
            refused(member, "upload_file", 403, repo_id=repo, path_in_repo="b.txt",
                    path_or_fileobj=as_bytes(b"b"))
    hub.cli("org", "group", "create", org, "crew", "--role", "write", token=owner)
    hub.cli("org", "group", "add", org, "crew", f"{org}-member", token=owner)
    upload(member, repo, "c.txt")
    hub.cli("org", "member", "rm", org, f"{org}-member", token=owner)
    refused(member, "model_info", 404, repo_id=repo)


def test_a_collaborator_has_a_role_on_one_repository(hub, owner, org, client):
    for name in ("one", "two"):
        create(client, f"{org}/{name}")
    friend = client.at(token=hub.user(f"{org}-friend"), home=client.home / "friend")
    access = ("access", "set", f"{org}/one", "--user", f"{org}-friend")
    hub.cli(*access, "--role", "write", token=owner)
    upload(friend, f"{org}/one")
    refused(friend, "model_info", 404, repo_id=f"{org}/two")
    hub.cli("access", "rm", f"{org}/one", "--user", f"{org}-friend", token=owner)
    refused(friend, "model_info", 404, repo_id=f"{org}/one")


def test_login_with_a_fine_grained_token(hub, owner, org, client):
    for name in ("one", "two"):
        create(client, f"{org}/{name}")
    scopes = ("--scope", f"{org}/one:write")
    token = hub.cli("token", "create", "ci", *scopes, token=owner)["token"]
    narrow = client.at(token=None, home=client.home / "narrow")
    login = ("login",) if narrow.tool == "huggingface-cli" else ("auth", "login")
    narrow.cli(*login, "--token", token)
    assert narrow.call("whoami")["auth"]["accessToken"]["role"] == "fineGrained"
    upload(narrow, f"{org}/one")
    refused(narrow, "model_info", 404, repo_id=f"{org}/two")
    refused(narrow, "create_repo", 403, repo_id=f"{org}/three")
    refused(narrow, "delete_repo", 403, repo_id=f"{org}/one")


def test_an_auditor_looks_and_does_not_touch(hub, org):
    hub.cli("user", "create", f"{org}-auditor", "--auditor")
    token = hub.cli("token", "create", "t", "--user", f"{org}-auditor", "--role", "admin")["token"]
    assert {"name", "auditor"} <= set(hub.cli("user", "ls", token=token)[0])
    assert org in [entry["name"] for entry in hub.cli("org", "ls", token=token)]
    with pytest.raises(RuntimeError, match="403"):
        hub.cli("org", "rm", org, token=token)
    hub.cli("org", "rm", org)


def test_a_service_account_uses_what_its_token_names(hub, owner, org, client):
    for name in ("one", "two"):
        create(client, f"{org}/{name}")
    hub.cli("user", "create", f"{org}-job", "--service")
    with pytest.raises(RuntimeError, match="scopes"):
        hub.cli("token", "create", "t", "--user", f"{org}-job", "--role", "write")
    named = ("--user", f"{org}-job", "--scope", f"{org}/one:write")
    job = client.at(token=hub.cli("token", "create", "t", *named)["token"],
                    home=client.home / "job")
    assert job.call("whoami")["name"] == f"{org}-job"
    upload(job, f"{org}/one")
    refused(job, "model_info", 404, repo_id=f"{org}/two")
    refused(job, "create_repo", 403, repo_id=f"{org}-job/own")
    refused(job, "delete_repo", 403, repo_id=f"{org}/one")
