"""A hub whose upstream is another of its kind: by Xet, and only what is new."""

import hashlib
import os

import pytest
from client import Client
from conftest import digests
from hub import Hub
from imposter import actions
from imposter.faults import Fault
from imposter.relay import Relay
from mirrors import GATEWAY, MIB, mirror_of, pull, resolve, wait_for

FILE_BYTES = 24 * MIB
CHANGED_BYTES = 256 * 1024
STEPS = ("token", "plan", "xorb")
STEP_FAULTS = [
    Fault("500", actions.status(500)), Fault("401", actions.status(401)),
    Fault("403", actions.status(403)), Fault("404", actions.status(404)),
    Fault("429", actions.status(429, Retry_After="1")), Fault("416", actions.status(416)),
    Fault("204", actions.status(204)), Fault("login-page", actions.page()),
    Fault("json-null", actions.page(b"null", "application/json")),
    Fault("empty-object", actions.page(b"{}", "application/json")),
    Fault("empty", actions.other_body(lambda data: b"")),
    Fault("half", actions.other_body(lambda data: data[: len(data) // 2])),
    Fault("first-byte-wrong", actions.flip(0)), Fault("middle-wrong", actions.flip(0.5)),
    Fault("last-byte-wrong", actions.flip(1)),
    Fault("zeros", actions.other_body(lambda data: bytes(len(data)))),
    Fault("more", actions.longer(b"x" * 100, declared=True)),
    Fault("reset-before-headers", actions.text(b"", "reset")),
    Fault("headers-hang", actions.no_answer), Fault("reset-at-half", actions.stop(0.5, "reset")),
    Fault("close-at-half", actions.stop(0.5, "close")),
    Fault("body-hang-at-half", actions.stop(0.5, "hang")),
    Fault("500-once", actions.status(500), times=1, expect="heals"),
    Fault("reset-at-half-once", actions.stop(0.5, "reset"), times=1, expect="heals"),
]


class Chain:
    """origin (a real hub) <- relay (counts, and goes wrong on order) <- hub (follows it)."""

    def __init__(self, folder, scaled: bool = False):
        self.folder = folder
        self.origin = Hub(folder / "origin").start()
        self.relay = Relay(folder / "relay", self.origin.address)
        self.relay.__enter__()
        self.hub = mirror_of(self.relay, folder / "hub", scaled).start()
        # Not the admin, as the follower has a namespace of that name of its own.
        owner = self.origin.user("acme")
        self.client = Client("hub-new", self.origin.endpoint, owner, folder / "home", xet=True)

    def close(self) -> None:
        self.hub.kill()
        self.relay.__exit__()
        self.origin.kill()

    def push(self, repo: str, name: str, data: bytes) -> tuple[str, str]:
        """Uploads by Xet; (repository, commit)."""
        path = self.folder / "pushed.bin"
        path.write_bytes(data)
        made = self.client.call("create_repo", repo_id=repo, exist_ok=True)
        repo = made.removeprefix(self.origin.endpoint + "/")
        done = self.client.call("upload_file", repo_id=repo, path_in_repo=name,
                                path_or_fileobj=str(path))
        return repo, done["oid"]

    def xorb_bytes(self) -> int:
        ledger = self.relay.ledger
        return ledger.sent_bytes(*[key for key in ledger.sent if "/data/" in key])


@pytest.fixture
def chain(tmp_path):
    made = Chain(tmp_path)
    yield made
    made.close()


def test_the_second_revision_moves_what_changed(chain):
    first = os.urandom(FILE_BYTES)
    at = FILE_BYTES // 2
    second = first[:at] + os.urandom(CHANGED_BYTES) + first[at + CHANGED_BYTES :]
    repo, commit = chain.push("moved", "model.bin", first)
    answer = pull(chain.hub, resolve(repo, "model.bin", commit))
    assert answer.ok and answer.body == first
    moved = chain.xorb_bytes()
    assert moved >= FILE_BYTES * 0.99, "it did not come by Xet"
    assert moved <= FILE_BYTES * 1.05
    chain.relay.ledger.clear()
    repo, commit = chain.push("moved", "model.bin", second)
    answer = pull(chain.hub, resolve(repo, "model.bin", commit))
    assert answer.ok and answer.body == second
    assert 0 < chain.xorb_bytes() <= 2 * CHANGED_BYTES + MIB
    # Nothing came by the other road either.
    assert chain.relay.ledger.sent_bytes() <= 2 * CHANGED_BYTES + 2 * MIB


def test_the_same_chunks_in_another_repo_do_not_come_again(chain):
    data = os.urandom(8 * MIB)
    repo, commit = chain.push("one", "a.bin", data)
    assert pull(chain.hub, resolve(repo, "a.bin", commit)).body == data
    chain.relay.ledger.clear()
    repo, commit = chain.push("two", "b.bin", data + os.urandom(100_000))
    answer = pull(chain.hub, resolve(repo, "b.bin", commit))
    assert answer.ok and answer.body[: len(data)] == data
    assert chain.xorb_bytes() <= MIB


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


@pytest.fixture(scope="module")
def faulty_chain(tmp_path_factory):
    """One file for each fault at each step; `chain.files` is {name: bytes}."""
    made = Chain(tmp_path_factory.mktemp("chain"), scaled=True)
    folder = tmp_path_factory.mktemp("files")
    made.files = {cell_name(fault, step): os.urandom(600_000) for fault in STEP_FAULTS
                  for step in STEPS}
    for name, data in made.files.items():
        (folder / name).write_bytes(data)
    repo = made.client.call("create_repo", repo_id="faults")
    made.repo = repo.removeprefix(made.origin.endpoint + "/")
    made.commit = made.client.call("upload_folder", repo_id=made.repo, folder_path=str(folder))
    yield made
    made.close()


def cell_name(fault: Fault, step: str) -> str:
    return f"{fault.name}-{step}.bin"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", STEP_FAULTS, ids=lambda fault: fault.name)
def test_faults(faulty_chain, fault, step):
    """The exact bytes by whatever road, a gateway's error, or a cut."""
    chain, name = faulty_chain, cell_name(fault, step)
    path, data = resolve(chain.repo, name, chain.commit["oid"]), chain.files[name]
    assert pull(chain.hub, path, "HEAD").status == 200
    planted = chain.relay.plant(fault, step)
    answer = pull(chain.hub, path)
    chain.relay.heal()
    assert answer.end in ("whole", "cut", "lost") and answer.seconds < 12, answer
    if answer.status == 200:
        assert answer.body == data if answer.end == "whole" else data.startswith(answer.body)
    else:
        assert answer.status in GATEWAY, answer
    if fault.expect == "heals":
        assert answer.ok, answer
    # One token serves many files.
    assert planted.hits > 0 or step == "token", "the fault was never met"
    assert wait_for(lambda: pull(chain.hub, path).body == data, 10)
