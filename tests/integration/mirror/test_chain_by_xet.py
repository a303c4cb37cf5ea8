"""A hub follows another of its kind by Xet: only what is new moves."""

import os

import pytest
from chain import Chain
from imposter import actions
from imposter.faults import Fault
from mirrors import GATEWAY, MIB, pull, resolve, wait_for

FILE_BYTES = 24 * MIB
# Of a file may come plainly while Xet is being asked; never more than 8 MiB.
LEAD_SHARE = 1 / 4
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


@pytest.fixture
def chain(tmp_path):
    with Chain(tmp_path) as made:
        yield made


def dry_run(hub, repo: str, revision: str) -> dict:
    """The result of a job that only says what there is to bring of a model's model.bin."""
    wish = {"repo": repo, "revision": revision, "include": ["model.bin"], "dry_run": True}
    job = hub.request("POST", "/api/waag/v1/pulls", json_body=wish).json()["id"]
    ended = ("done", "failed", "cancelled")
    wait_for(lambda: hub.get(f"/api/waag/v1/jobs/{job}").json()["state"] in ended)
    told = hub.get(f"/api/waag/v1/jobs/{job}").json()
    assert told["state"] == "done", told
    return told["result"]


def test_the_second_revision_moves_what_changed(chain):
    first = os.urandom(FILE_BYTES)
    at = FILE_BYTES // 2
    second = first[:at] + os.urandom(CHANGED_BYTES) + first[at + CHANGED_BYTES :]
    repo, commit = chain.push("moved", "model.bin", first)
    answer = pull(chain.hub, resolve(repo, "model.bin", commit))
    assert answer.ok and answer.body == first
    moved = chain.xorb_bytes()
    assert moved >= FILE_BYTES * (0.99 - LEAD_SHARE), "it did not come by Xet"
    assert moved < FILE_BYTES, "nobody led: the first byte had to wait for a plan"
    assert chain.relay.ledger.sent_bytes() <= FILE_BYTES * 1.05
    repo, commit = chain.push("moved", "model.bin", second)
    plan = dry_run(chain.hub, repo, commit)
    assert plan["bytes"] == FILE_BYTES
    here = plan["bytes_here"] + plan["bytes_here_by_chunk"]
    assert FILE_BYTES - 2 * CHANGED_BYTES - MIB <= here < FILE_BYTES
    chain.relay.ledger.clear()
    answer = pull(chain.hub, resolve(repo, "model.bin", commit))
    assert answer.ok and answer.body == second
    assert 0 < chain.xorb_bytes() <= 2 * CHANGED_BYTES + MIB
    # Nothing came by the other road either, and what had led is known by its chunks.
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
    # A repository that is new here: nobody knows before the plan what is here of it.
    assert chain.relay.ledger.sent_bytes() <= len(answer.body) * LEAD_SHARE + MIB


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
        # What came before a cut may be wrong: nobody can tell before the whole is verified.
        assert answer.body == data if answer.end == "whole" else len(answer.body) < len(data)
    else:
        assert answer.status in GATEWAY, answer
    if fault.expect == "heals":
        assert answer.ok, answer
    # One token serves many files.
    assert planted.hits > 0 or step == "token", "the fault was never met"
    assert wait_for(lambda: pull(chain.hub, path).body == data, 10)


LEAD_FAULTS = [fault for fault in STEP_FAULTS if fault.name in (
    "500", "404", "login-page", "half", "middle-wrong", "zeros", "reset-before-headers",
    "reset-at-half", "body-hang-at-half")]


@pytest.mark.parametrize("fault", LEAD_FAULTS, ids=lambda fault: fault.name)
def test_a_lead_that_fails(faulty_chain, fault):
    """What leads by plain HTTP goes on by Xet; wrong bytes of it are nobody's file."""
    chain, data = faulty_chain, os.urandom(9 * MIB)
    repo, commit = chain.push(f"lead-{fault.name}", "model.bin", data)
    path = resolve(repo, "model.bin", commit)
    assert pull(chain.hub, path, "HEAD").status == 200
    planted = chain.relay.plant(fault, "plain")
    answer = pull(chain.hub, path)
    chain.relay.heal()
    assert planted.hits > 0, "nothing led"
    if fault.name in ("login-page", "middle-wrong", "zeros"):
        assert answer.end in ("whole", "cut", "lost") and answer.seconds < 12, answer
        assert answer.body == data or answer.end != "whole" or answer.status in GATEWAY, answer
    else:
        assert answer.ok and answer.body == data, answer
    assert wait_for(lambda: pull(chain.hub, path).body == data, 10)
