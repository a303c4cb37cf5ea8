"""What a rule's rate and window hold back: its own jobs, and never a client."""

import datetime
import time

import pytest
from imposter import ATTRIBUTES, Lfs, safetensors
from mirrors import MIB, pull, resolve, wait_for

RATE = 200_000
BYTES = 16 * MIB  # by the rate: 84 s
# First reads of a transfer that have come before the rate is looked at.
SLACK = 8 * 16 * 1024
# Cut off when a window closes: what is on the wire, or not yet noted.
LOST = 4 * MIB
JOB_S = 60
REPO = "acme/big"
A, B = (Lfs(safetensors(name, BYTES)) for name in "ab")


@pytest.fixture
def hub(upstream, new_mirror):
    upstream.repo(REPO).commit(
        {".gitattributes": ATTRIBUTES, "a.safetensors": A, "b.safetensors": B})
    return new_mirror()


def add(hub, *options: str) -> int:
    """A rule for the repository, run at once; its job."""
    hub.cli("mirror", "add", "slow", REPO, *options)
    return run(hub)


def run(hub) -> int:
    return hub.cli("mirror", "run", "slow")["lastJobs"][0]


def change(hub, **fields) -> None:
    answer = hub.request("PATCH", "/api/waag/v1/mirrors/slow", json_body=fields)
    assert answer.status == 200, answer.body


def job_of(hub, number: int) -> dict:
    return hub.get(f"/api/waag/v1/jobs/{number}").json()


def done_bytes(hub, number: int) -> int:
    return job_of(hub, number)["progress"]["doneBytes"]


def is_in(hub, number: int, state: str) -> bool:
    job = job_of(hub, number)
    assert job["state"] != "failed", job
    return job["state"] == state


def waits(hub, number: int) -> bool:
    job = job_of(hub, number)
    return job["state"] == "queued" and "notBefore" in job


def fills(hub) -> list:
    return hub.cli("mirror", "status")["fills"]


def window(first_hours: int, last_hours: int) -> str:
    """Of the day, from now."""
    now = datetime.datetime.now(datetime.UTC)
    first, last = (now + datetime.timedelta(hours=hours) for hours in (first_hours, last_hours))
    return f"{first:%H:%M}-{last:%H:%M}"


def test_a_rate_holds_the_job_and_no_client(upstream, hub):
    started = time.monotonic()
    number = add(hub, "--rate", "200K")
    assert hub.cli("mirror", "status", "slow")["rate"] == RATE
    assert wait_for(lambda: done_bytes(hub, number) > 0)
    for _ in range(10):
        came = done_bytes(hub, number)
        assert came <= RATE * (time.monotonic() - started) + SLACK
        time.sleep(0.3)
    # The file that the job has not begun, then the one that it is at.
    for path, content in (("b.safetensors", B), ("a.safetensors", A)):
        got = pull(hub, resolve(REPO, path))
        assert got.ok and got.body == content.data
        assert got.seconds < BYTES / RATE / 4
    assert wait_for(lambda: is_in(hub, number, "done"), JOB_S)
    for content in (A, B):
        assert upstream.ledger.again_bytes(content.oid) <= LOST


def test_outside_the_window_a_job_begins_nothing(upstream, hub):
    number = add(hub, "--window", window(6, 7))
    assert wait_for(lambda: waits(hub, number))
    job = job_of(hub, number)
    assert job["progress"]["note"].startswith("waits for its window ")
    assert job["notBefore"][:16] in job["progress"]["note"]
    rule = hub.cli("mirror", "status", "slow")
    assert rule["windowOpen"] is False and rule["windowOpensAt"] == job["notBefore"]
    assert upstream.ledger.sent_bytes(A.oid, B.oid) == 0
    assert pull(hub, resolve(REPO, "a.safetensors")).body == A.data
    change(hub, window=window(-1, 1))
    assert wait_for(lambda: is_in(hub, number, "done"), JOB_S)
    assert upstream.ledger.sent_bytes(A.oid) == BYTES


@pytest.mark.parametrize("end", ["none", "stop", "kill"])
def test_when_the_window_closes_the_job_stops_and_later_goes_on(upstream, hub, end):
    number = add(hub, "--window", window(-1, 1), "--rate", "1M")
    assert wait_for(lambda: done_bytes(hub, number) > MIB)
    change(hub, window=window(6, 7))
    assert wait_for(lambda: waits(hub, number))
    assert wait_for(lambda: not fills(hub))
    came = done_bytes(hub, number)
    if end != "none":
        hub.stop() if end == "stop" else hub.kill()
        hub.start()
    sent = upstream.ledger.sent_bytes(A.oid, B.oid)
    time.sleep(2)
    assert upstream.ledger.sent_bytes(A.oid, B.oid) == sent
    assert waits(hub, number) and done_bytes(hub, number) == came
    change(hub, window="", rate=None)
    assert wait_for(lambda: is_in(hub, number, "done"), JOB_S)
    assert job_of(hub, number)["result"]["bytes_fetched"] >= 2 * BYTES
    for path, content in (("a.safetensors", A), ("b.safetensors", B)):
        assert pull(hub, resolve(REPO, path)).body == content.data
        assert upstream.ledger.again_bytes(content.oid) <= LOST
