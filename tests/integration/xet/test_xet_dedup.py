"""The same bytes are sent and stored once, whatever road they come."""

import os
import time

import pytest
import versions
from proxy import CuttingProxy

MIB = 1 << 20
FILE_BYTES = 48 * MIB
SLACK_BYTES = 12 * MIB  # a pack grows by some MiB at a time
STATUS_AGE_S = 1.1  # a hub measures its packs once a second


@pytest.fixture(params=versions.chosen_xet(versions.NEWEST))
def sender(request, new_client):
    """sender(road, endpoint) -> a client without a memory of what it has sent."""
    made = new_client(request.param)
    homes = iter(range(100))

    def fresh(endpoint=None, xet=True):
        return made.at(endpoint=endpoint, home=made.home / str(next(homes)), xet=xet)

    return fresh


def upload(client, repo, name, path):
    client.call("upload_file", repo_id=repo, path_in_repo=name, path_or_fileobj=str(path))


def stored_bytes(hub) -> int:
    time.sleep(STATUS_AGE_S)  # what was measured before the upload is no answer
    return hub.cli("status")["packBytes"]


@pytest.fixture
def noise(tmp_path):
    path = tmp_path / "noise.bin"
    path.write_bytes(os.urandom(FILE_BYTES))
    return path


def test_an_inserted_mb_costs_about_that(hub, sender, repo, noise):
    before = stored_bytes(hub)
    upload(sender(), repo, "a.bin", noise)
    data = noise.read_bytes()
    at = 20 * MIB + 333
    noise.write_bytes(data[:at] + os.urandom(MIB) + data[at:])
    with CuttingProxy(hub.address) as proxy:
        upload(sender(proxy.endpoint), repo, "a.bin", noise)
        sent = proxy.sent_bytes
    assert stored_bytes(hub) - before < FILE_BYTES + MIB + SLACK_BYTES
    assert MIB <= sent < 4 * MIB
    assert hub.get(f"/{repo}/resolve/main/a.bin").body == noise.read_bytes()


@pytest.mark.parametrize("first_by_xet", [True, False])
def test_both_roads_store_once(hub, sender, repo, noise, first_by_xet):
    upload(sender(xet=first_by_xet), repo, "a.bin", noise)
    before = stored_bytes(hub)
    # One byte in front: another file, for LFS too.
    noise.write_bytes(b"\1" + noise.read_bytes())
    upload(sender(xet=not first_by_xet), repo, "b.bin", noise)
    assert stored_bytes(hub) - before < SLACK_BYTES
    assert hub.get(f"/{repo}/resolve/main/b.bin").body == noise.read_bytes()


def test_renamed_files_cost_nothing(hub, sender, repo, tmp_path):
    for number in range(4):
        (tmp_path / f"old-{number}.bin").write_bytes(os.urandom(8 * MIB))
    sender().call("upload_folder", repo_id=repo, folder_path=str(tmp_path))
    for path in tmp_path.glob("old-*.bin"):
        path.rename(path.with_name(path.name.replace("old", "new")))
    before = stored_bytes(hub)
    with CuttingProxy(hub.address) as proxy:
        again = sender(proxy.endpoint)
        again.call("upload_folder", repo_id=repo, folder_path=str(tmp_path))
        assert proxy.sent_bytes < MIB
    assert stored_bytes(hub) - before < SLACK_BYTES


def test_nothing_is_told_of_what_one_may_not_read(hub, sender, owner, repo, noise):
    """Somebody else's private bytes are sent again by who has them too; they are stored once."""
    name = f"hidden-{sender().version}".replace(".", "-")
    body = {"name": name, "organization": "acme", "private": True}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    upload(sender(), f"acme/{name}", "a.bin", noise)
    user = f"xet-stranger-{sender().version}".replace(".", "-")
    token = hub.user(user)
    made = hub.request("POST", "/api/repos/create", token=token, json_body={"name": "mine"})
    assert made.status == 200
    before = stored_bytes(hub)
    with CuttingProxy(hub.address) as proxy:
        other = sender(proxy.endpoint).at(token=token)
        upload(other, f"{user}/mine", "a.bin", noise)
        assert proxy.sent_bytes > FILE_BYTES
    assert stored_bytes(hub) - before < SLACK_BYTES
