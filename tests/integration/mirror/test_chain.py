"""A hub whose upstream is another of its kind."""

import hashlib
import os

import pytest
from chain import Chain
from client import Client
from conftest import digests
from mirrors import MIB, pull, resolve


@pytest.fixture
def chain(tmp_path):
    with Chain(tmp_path) as made:
        yield made


def test_clients_by_both_roads(chain, tmp_path):
    data = os.urandom(3 * MIB)
    repo, _ = chain.push("both", "a.bin", data)
    want = {"a.bin": hashlib.sha256(data).hexdigest()}
    for version in ("hub-0.36", "hub-new"):
        for xet in (False, True):
            home = tmp_path / f"{version}-{xet}"
            client = Client(version, chain.hub.endpoint, None, home, xet=xet)
            assert digests(client.call("snapshot_download", repo_id=repo)) == want


def test_the_origin_goes_and_the_chain_goes_on(chain, tmp_path):
    data = os.urandom(3 * MIB)
    repo, _ = chain.push("gone", "a.bin", data)
    assert pull(chain.hub, resolve(repo, "a.bin")).body == data
    chain.origin.kill()
    chain.relay.set_mode("refuse")
    client = Client("hub-new", chain.hub.endpoint, None, tmp_path / "late", xet=True)
    got = client.call("snapshot_download", repo_id=repo)
    assert digests(got) == {"a.bin": hashlib.sha256(data).hexdigest()}
