"""Clients on a host with no way out but to the hub pull everything through it.

Three hosts: the clients'; the hub's, where the upstream is too; and all the world besides, to which
the hub has a route and no reason to send a packet.
"""

import hashlib
import os
import subprocess

import pytest
from client import Client
from conftest import digests
from imposter import ATTRIBUTES, Imposter, Lfs, actions, safetensors
from imposter.faults import Fault
from mirrors import mirror_of, pull, resolve
from namespaces import Host, cable

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

FILES = {".gitattributes": ATTRIBUTES, "config.json": b"{}", "sub/a.txt": b"a\n" * 5000,
         "model.safetensors": Lfs(safetensors("namespaces", 6_000_000)),
         "second.bin": Lfs(safetensors("namespaces 2", 900_000))}
HUB = "10.71.1.1"


@pytest.fixture
def hosts():
    with Host() as hub, Host() as clients, Host() as world:
        cable(hub, clients, "inside", "10.71.1")
        cable(hub, world, "outside", "10.71.2")
        hub.ip("route", "add", "default", "via", "10.71.2.2")
        yield hub, clients, world


@pytest.fixture
def mirror(hosts, tmp_path):
    """The hub, listening where the clients can reach it, and its upstream on the same host."""
    there = hosts[0]
    upstream = there.do(lambda: Imposter(tmp_path / "upstream").__enter__())
    made = mirror_of(upstream, tmp_path / "data", server__insecure="true")
    made.listen = f"{HUB}:0"
    there.do(made.start)
    yield made, upstream
    made.kill()
    there.do(lambda: upstream.set_mode("refuse"))


def sums(files: dict) -> dict:
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items()
            if path != ".gitattributes"}


def pull_with_everything(hub, repo, folder) -> None:
    """Old and new clients by both roads, curl and git; runs on the clients' host."""
    want = sums(repo.files(repo.heads["main"]))
    for version in ("hub-0.36", "hub-new"):
        for xet in (False, True):
            home = folder / f"{version}-{xet}"
            client = Client(version, hub.endpoint, None, home, xet=xet)
            client.settings["NO_PROXY"] = HUB
            got = client.call("snapshot_download", repo_id=repo.name)
            assert digests(got) == want, (version, xet)
    url = hub.endpoint + resolve(repo.name, "model.safetensors")
    done = subprocess.run(["curl", "-sfL", url], capture_output=True, timeout=60, check=True)
    assert hashlib.sha256(done.stdout).hexdigest() == want["model.safetensors"]
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", f"{hub.endpoint}/{repo.name}", clone], check=True,
                   capture_output=True, timeout=120)
    tracked = digests(clone)
    assert {path: tracked[path] for path in want} == want


def test_clients_without_a_way_out(hosts, mirror, tmp_path):
    there, clients, world = hosts
    hub, upstream = mirror
    repo = upstream.repo("acme/inside")
    repo.commit(FILES)
    assert "default" not in clients.ip("route")
    clients.do(lambda: pull_with_everything(hub, repo, tmp_path / "cold"))
    # The same with the upstream gone.
    there.do(lambda: upstream.set_mode("refuse"))
    clients.do(lambda: pull_with_everything(hub, repo, tmp_path / "warm"))
    assert there.sent_packets("inside") > 100
    assert there.sent_packets("outside") == 0
    assert world.sent_packets("outside") == 0
    assert clients.refused_routes() == 0
    assert there.refused_routes() == 0


def test_a_hub_that_is_told_to_stay_in_does(hosts, mirror, tmp_path):
    """Redirects and lies that name the world lead to no packet."""
    there, clients, _ = hosts
    hub, upstream = mirror
    repo = upstream.repo("acme/lured")
    repo.commit(FILES)
    repo.git_open = False
    for number, to in enumerate(("http://10.71.2.2/x", "http://169.254.169.254/latest",
                                 "http://203.0.113.7:8080/{target}", "http://10.71.2.2:22/")):
        planted = upstream.plant(Fault(f"lure {number}", actions.redirect(to)), "resolve")
        answer = clients.do(lambda: pull(hub, resolve("acme/lured", "second.bin")))
        assert not answer.ok, answer
        upstream.heal(planted)
    assert there.sent_packets("outside") == 0
