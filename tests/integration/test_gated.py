"""A gated repository as both clients meet it: refused with the right error, asked, let in."""

import pathlib

import pytest
from client import Client, ClientError, as_bytes


@pytest.fixture
def asker(hub, client, homes):
    """(name, the same client) of somebody else."""
    name = f"asker-{client.version}".replace(".", "-")
    return name, client.at(token=hub.user(name), home=homes / name)


def refused(reader: Client, repo: str) -> bool:
    with pytest.raises(ClientError) as raised:
        reader.call("hf_hub_download", repo_id=repo, filename="w.bin")
    assert raised.value.kind == "GatedRepoError", raised.value
    return "you are not in the authorized list" in raised.value.text


def test_ask_and_be_let_in(hub, client, repo, asker):
    name, reader = asker
    client.call("upload_file", repo_id=repo, path_in_repo="w.bin", path_or_fileobj=as_bytes(b"\0w"))
    client.call("update_repo_settings", repo_id=repo, gated="manual")
    assert refused(reader, repo)
    with pytest.raises(ClientError) as raised:
        reader.call("auth_check", repo_id=repo)
    assert raised.value.kind == "GatedRepoError"
    assert reader.call("model_info", repo_id=repo)["gated"] == "manual"
    asked = hub.request("POST", f"/{repo}/ask-access", token=reader.token, json_body={"why": "x"})
    assert asked.json() == {"status": "pending"}
    assert refused(reader, repo)
    waiting = client.call("list_pending_access_requests", repo_id=repo)
    assert [row["username"] for row in waiting] == [name]
    assert waiting[0]["fields"] == {"why": "x"}
    client.call("accept_access_request", repo_id=repo, user=name)
    path = reader.call("hf_hub_download", repo_id=repo, filename="w.bin")
    assert pathlib.Path(path).read_bytes() == b"\0w"
    client.call("cancel_access_request", repo_id=repo, user=name)
    assert refused(reader.at(home=reader.home / "again"), repo)
    # Clients from 2.0 on may name the request instead of the user.
    requests = f"/api/models/{repo}/user-access-request"
    row = hub.request("GET", f"{requests}/pending", token=client.token).json()[0]
    decision = {"requestId": row["requestId"], "status": "accepted"}
    handled = hub.request("POST", f"{requests}/handle", token=client.token, json_body=decision)
    assert handled.json()["user"]["user"] == name
    assert handled.json()["status"] == "accepted"


def test_disabled_by_an_admin(hub, client, repo):
    hub.cli("repo", "settings", repo, "--disabled", "on")
    with pytest.raises(ClientError) as raised:
        client.call("model_info", repo_id=repo)
    assert raised.value.kind == "DisabledRepoError", raised.value
    hub.cli("repo", "settings", repo, "--disabled", "off")
    assert client.call("model_info", repo_id=repo)["disabled"] is False
