"""Death, cuts and expiry in mid-transfer by Xet."""

import hashlib
import os
import subprocess
import time

import pytest
import versions
from client import Client, ClientError
from hub import Hub
from proxy import CuttingProxy

MIB = 1 << 20
WAIT_S = 60
# hf_xet 1.2 and 1.4 sometimes ask for nothing more after a cut, and wait for ever.
WAITS_FOR_EVER = ("hub-0.36", "hub-1.10")
PATIENCE_S = 90
QUICK_S = 100  # a client that gives up does so well before its patience of 300 s ends


@pytest.fixture(params=versions.chosen_xet(versions.NEWEST))
def version(request):
    return request.param


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(160 * MIB))
    return path


def started(hub: Hub, proxy: CuttingProxy, version: str, home) -> tuple[Client, str]:
    """A client that knows the hub by the proxy, and a repository."""
    client = Client(version, proxy.endpoint, hub.token, home, xet=True)
    made = client.call("create_repo", repo_id="target")
    return client, made.removeprefix(proxy.endpoint + "/")


def push(client: Client, repo: str, path):
    names = {"repo_id": repo, "path_in_repo": "big.bin", "path_or_fileobj": str(path)}
    return client.start("upload_file", **names)


def wait_for(condition) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # polls what another process does, bounded above


def finish_or_again(client: Client, running, again):
    """Who gives up, or hangs for a reason of its own, is run again: what has come is kept."""
    try:
        return client.finish(running, PATIENCE_S)
    except ClientError:
        return client.finish(again())
    except subprocess.TimeoutExpired:
        assert client.version in WAITS_FOR_EVER
        return client.finish(again())


def check(hub: Hub, repo: str, path) -> None:
    want = hashlib.sha256(path.read_bytes()).hexdigest()
    got = hub.get(f"/{repo}/resolve/main/big.bin").body
    assert hashlib.sha256(got).hexdigest() == want
    assert hub.stop() == 0
    done = hub.offline("fsck")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hub_dies_in_mid_upload(own_hub, version, big, tmp_path):
    hub = own_hub.start()
    with CuttingProxy(hub.address) as proxy:
        client, repo = started(hub, proxy, version, tmp_path / "home")
        running = push(client, repo, big)
        wait_for(lambda: proxy.sent_bytes > 40 * MIB)
        hub.kill()
        hub.start()
        proxy.lead_to(hub.address)
        finish_or_again(client, running, lambda: push(client, repo, big))
    check(hub, repo, big)


def test_the_client_dies_in_mid_upload(own_hub, version, big, tmp_path):
    hub = own_hub.start()
    with CuttingProxy(hub.address) as proxy:
        client, repo = started(hub, proxy, version, tmp_path / "home")
        running = push(client, repo, big)
        wait_for(lambda: proxy.sent_bytes > 40 * MIB)
        running.kill()
        running.communicate()
        client.finish(push(client, repo, big))
    check(hub, repo, big)


def pull(client: Client, repo: str):
    return client.start("hf_hub_download", repo_id=repo, filename="big.bin")


@pytest.fixture
def filled(own_hub, version, big, tmp_path):
    """(hub, proxy, client without a cache, repo that has the big file)."""
    hub = own_hub.start()
    with CuttingProxy(hub.address) as proxy:
        client, repo = started(hub, proxy, version, tmp_path / "home")
        client.finish(push(client, repo, big))
        yield hub, proxy, client, repo


def same(path, got) -> bool:
    with open(got, "rb") as ours, path.open("rb") as theirs:
        return hashlib.file_digest(ours, "sha256").digest() == hashlib.file_digest(
            theirs, "sha256"
        ).digest()


def test_the_hub_dies_in_mid_download(filled, big):
    hub, proxy, client, repo = filled
    proxy.holds.append(("/data/", 3))
    running = pull(client, repo)
    wait_for(lambda: proxy.count("GET", "/data/") > 0)
    hub.kill()
    hub.start()
    proxy.lead_to(hub.address)
    assert same(big, finish_or_again(client, running, lambda: pull(client, repo)))


def test_cut_answers_are_asked_for_again(filled, big):
    _, proxy, client, repo = filled
    proxy.after_bytes, proxy.cuts = MIB, 2
    got = finish_or_again(client, pull(client, repo), lambda: pull(client, repo))
    assert proxy.cuts == 0
    assert same(big, got)


def test_an_expired_url_is_asked_for_again(tmp_path, version, big):
    """Clients ask at once, but sleep up to 3 s before they use the new URL."""
    with Hub(tmp_path / "data", {"xet.url_lifetime_s": 8}) as hub:
        with CuttingProxy(hub.address) as proxy:
            client, repo = started(hub, proxy, version, tmp_path / "home")
            client.finish(push(client, repo, big))
            proxy.holds.append(("/data/", 10))
            got = client.finish(pull(client, repo))
            assert any("/data/" in target and status == 403
                       for _, target, status in proxy.statuses)
        assert same(big, got)


def test_an_access_token_is_renewed(tmp_path, version, big):
    """It lives 31 s, which is a second more than clients leave it before they ask for another."""
    with Hub(tmp_path / "data", {"xet.token_lifetime_s": 31}) as hub:
        with CuttingProxy(hub.address) as proxy:
            client, repo = started(hub, proxy, version, tmp_path / "home")
            proxy.holds.append(("/xorb", 3))
            client.finish(push(client, repo, big))
            assert proxy.count("GET", "xet-write-token") >= 2
        check(hub, repo, big)


def test_a_revoked_token_ends_an_upload_soon(own_hub, version, big, tmp_path):
    hub = own_hub.start()
    hub.cli("user", "create", "temp")
    made = hub.cli("token", "create", "short", "--user", "temp", "--role", "write")
    with CuttingProxy(hub.address) as proxy:
        client = Client(version, proxy.endpoint, made["token"], tmp_path / "home", xet=True)
        repo = client.call("create_repo", repo_id="target").removeprefix(proxy.endpoint + "/")
        proxy.holds += [("/xorb", 2)] * 3
        running = push(client, repo, big)
        wait_for(lambda: proxy.count("POST", "/xorb") > 0)
        hub.cli("token", "revoke", made["id"])
        with pytest.raises((ClientError, RuntimeError)):
            client.finish(running, QUICK_S)
    assert hub.get(f"/{repo}/resolve/main/big.bin").status == 404
