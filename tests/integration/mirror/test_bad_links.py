"""Links that lose packets, come and go, stall, drip or are cut: a pull ends with the right bytes by
itself, hardly a byte comes twice, and other clients notice nothing.

Between hosts of their own packets are really lost (the kernel draws which) and cables really
pulled; on loopback the upstream's connections go wrong by lot. Time-outs are scaled to outages of
seconds.
"""

import contextlib
import hashlib
import os
import time

import pytest
from client import Client
from conftest import digests
from imposter import ATTRIBUTES, Imposter, Lfs, actions, safetensors, seeded
from imposter.faults import Fault
from imposter.weather import Weather
from mirrors import MIB, at_once, mirror_of, pull, resolve, wait_for
from namespaces import Host, cable
from watch import Ticks, Watch

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

# make reliability: 120, for two minutes of flaps.
FLAPS_S = float(os.environ.get("WAAG_FLAPS_S", "16"))
SEED = int(os.environ.get("WAAG_SEED", "1"))
REPO, WARM = "acme/bad-link", "acme/warm"
PATIENT = {"connect_timeout_ms": 2_000, "idle_timeout_ms": 2_500, "call_timeout_ms": 8_000,
           "retry_base_ms": 250}
HASTY = PATIENT | {"connect_timeout_ms": 500, "idle_timeout_ms": 700, "call_timeout_ms": 2_000}
AGAIN_SHARE = 0.02  # of the bytes, that may come twice
METADATA_BYTES = 64 * 1024  # counted among them
JOB_S = 90
CLIENT_TRIES = 60
RESPONSIVE_S, RESPONSIVE_SHARE, SLOWEST_S = 0.5, 0.95, 3.0


def settings(given: dict) -> dict:
    return {f"upstream__{name}": value for name, value in given.items()}


def submitted(hub, repo: str) -> int:
    made = hub.request("POST", "/api/waag/v1/pulls", json_body={"repo": repo})
    assert made.status in (200, 201, 202), made.body
    return made.json()["id"]


def job(hub, number: int) -> dict:
    return hub.get(f"/api/waag/v1/jobs/{number}").json()


def job_ends(hub, number: int, limit_s: float = JOB_S) -> dict:
    """Without anybody's help."""
    assert wait_for(lambda: job(hub, number)["state"] not in ("queued", "running"), limit_s), \
        job(hub, number)
    return job(hub, number)


def received_bytes(hub) -> int:
    lines = hub.get("/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("waag_upstream_bytes_total{")]
    assert len(found) == 1
    return int(float(found[0].rsplit(" ", 1)[1]))


def whole(hub, path: str, want: bytes) -> tuple[bool, int]:
    """As clients do: what is cut is gone on with, a gateway's error is tried again. (Whether every
    byte was right in the end, how often it was cut)."""
    got = b""
    for turn in range(CLIENT_TRIES):
        ranged = {"Range": f"bytes={len(got)}-"} if got else {}
        answer = pull(hub, path, limit_s=30, **ranged)
        if answer.status not in (200, 206):
            assert answer.status in (0, 502, 503, 504), answer
            time.sleep(0.5)
            continue
        got += answer.body
        if got != want[: len(got)]:
            return False, turn
        if len(got) == len(want):
            return True, turn
        time.sleep(0.2)
    return False, CLIENT_TRIES


def check_others(others: Watch) -> None:
    assert others.troubles == []
    assert len(others.seconds) > 20
    assert others.share_within(RESPONSIVE_S) >= RESPONSIVE_SHARE, sorted(others.seconds)[-9:]
    assert max(others.seconds) < SLOWEST_S


def check_received(hub, before: int, files: dict) -> None:
    """Small files may come with the history instead, which the metric does not count."""
    size = size_of(files)
    least = size_of({name: one for name, one in files.items() if isinstance(one, Lfs)})
    came = received_bytes(hub) - before
    assert least <= came <= (1 + AGAIN_SHARE) * size + METADATA_BYTES, f"{came / size:.2%} came"


def check_store(hub) -> None:
    assert hub.stop() == 0
    check = hub.offline("fsck")
    assert check.returncode == 0, check.stdout + check.stderr


class Linked:
    """A hub on a host of its own, whose upstream is on another, behind one cable."""

    HUB, FAR = "10.72.1.1", "10.72.1.2"

    def __init__(self, stack: contextlib.ExitStack, folder, **given):
        self.here = stack.enter_context(Host())
        self.far = stack.enter_context(Host())
        cable(self.here, self.far, "uplink", "10.72.1")
        self.upstream = self.far.do(
            lambda: Imposter(folder / "upstream", host=self.FAR).__enter__())
        stack.callback(lambda: self.far.do(lambda: self.upstream.set_mode("refuse")))
        self.hub = mirror_of(self.upstream, folder / "data", **given)
        self.here.do(self.hub.start)
        stack.callback(self.hub.kill)
        self.warm_up()

    def warm_up(self) -> None:
        self.warm = seeded("warm", 20_000)
        commit = self.upstream.repo(WARM).commit({"a.txt": self.warm})
        self.warm_path = resolve(WARM, "a.txt", commit)
        assert self.here.do(lambda: pull(self.hub, self.warm_path)).body == self.warm

    def impair(self, loss_percent: int, down_bits_per_s: int = 10**9) -> None:
        self.here.impair("uplink", loss_percent, 10**9)
        self.far.impair("uplink", loss_percent, down_bits_per_s)

    def change_loss(self, loss_percent: int) -> None:
        for host in (self.here, self.far):
            host.change_loss("uplink", loss_percent)

    def plug(self, state: str) -> None:
        self.here.ip("link", "set", "uplink", state)

    def watch(self) -> Watch:
        return Watch(self.hub, self.warm_path, self.warm, self.here)


def content(size: int) -> dict:
    return {".gitattributes": ATTRIBUTES, "config.json": b"{}",
            "notes.txt": seeded("notes", 300_000).hex().encode(),
            "model.safetensors": Lfs(safetensors("bad link", size)),
            "second.bin": Lfs(safetensors("second", 700_000))}


def size_of(files: dict) -> int:
    return sum(len(one.data if isinstance(one, Lfs) else one) for one in files.values())


def bring(linked: Linked, files: dict, commit: str):
    """The job and a reader of the large file, side by side; ends when both have ended."""
    hub, large = linked.hub, files["model.safetensors"].data

    def run():
        number = submitted(hub, REPO)
        path = resolve(REPO, "model.safetensors", commit)
        ended, read = at_once([lambda: job_ends(hub, number, JOB_S + 2 * FLAPS_S),
                               lambda: whole(hub, path, large)])
        for name, one in files.items():
            answer = pull(hub, resolve(REPO, name, commit))
            assert answer.body == (one.data if isinstance(one, Lfs) else one), name
        return ended, read

    return linked.here.do(run)


def check_job(ended: dict, files: dict) -> None:
    assert ended["state"] == "done", ended
    assert ended["result"]["files_failed"] == []
    assert ended["result"]["bytes_here"] == size_of(files)
    assert "history" not in ended["result"], ended["result"]


@needs_root
def test_a_slow_link_that_loses_packets(tmp_path):
    """5 % of the packets each way, 8 Mbit/s, 20 ms before each answer."""
    files = content(8 * MIB)
    with contextlib.ExitStack() as stack:
        linked = Linked(stack, tmp_path, **settings(PATIENT))
        commit = linked.upstream.repo(REPO).commit(files)
        linked.upstream.delay_s = 0.02
        linked.impair(5, 8_000_000)
        before = linked.here.do(lambda: received_bytes(linked.hub))
        started = time.monotonic()
        with linked.watch() as others:
            ended, (right, _) = bring(linked, files, commit)
        assert time.monotonic() - started > 8 * size_of(files) / 8_000_000, "the link is not slow"
        assert right
        check_job(ended, files)
        check_others(others)
        linked.here.do(lambda: check_received(linked.hub, before, files))
        check_store(linked.hub)


@needs_root
@pytest.mark.parametrize("outage", ["silent", "unplugged", "refused"])
def test_a_link_that_flaps(tmp_path, outage):
    """Away for as long as it is there: what is sent vanishes, or there is no way, or the other side
    has gone and refuses. Longer than any time-out, so all that runs is cut each time."""
    every_s = 1.5
    flaps_min = int(FLAPS_S / (2 * every_s))
    bytes_per_s = 6 * MIB
    files = content(int(bytes_per_s * FLAPS_S / 2))
    with contextlib.ExitStack() as stack:
        linked = Linked(stack, tmp_path, **settings(HASTY))
        commit = linked.upstream.repo(REPO).commit(files)
        linked.upstream.bytes_per_s = bytes_per_s
        linked.impair(0)
        turns = {
            "silent": lambda on: linked.change_loss(0 if on else 100),
            "unplugged": lambda on: linked.plug("up" if on else "down"),
            "refused": lambda on: linked.far.do(
                lambda: linked.upstream.set_mode("" if on else "refuse")),
        }
        turn = turns[outage]
        before = linked.here.do(lambda: received_bytes(linked.hub))
        flaps = Ticks(lambda: turn(False), lambda: turn(True), every_s)
        with linked.watch() as others, flaps:
            ended, (right, cuts) = bring(linked, files, commit)
        assert flaps.count >= flaps_min - 1, "too few flaps to say anything"
        assert right
        check_job(ended, files)
        check_others(others)
        linked.here.do(lambda: check_received(linked.hub, before, files))
        # What was on its way when the cable went is lost: buffers of four streams each time.
        again = linked.upstream.ledger.again_bytes(files["model.safetensors"].oid)
        assert again <= flaps.count * 4 * MIB, f"{again} bytes sent again, {flaps.count} flaps"
        check_store(linked.hub)


STORMS = {
    "cut": {"reset": 0.3, "close": 0.2},
    "stalls": {"stall": 0.3, "drip": 0.2},
    "never answered": {"silent": 0.25},
    "all of it": {"reset": 0.15, "close": 0.1, "stall": 0.1, "drip": 0.1, "silent": 0.1},
}


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm(upstream, new_mirror, tmp_path, storm):
    """Connections that go wrong by lot, while a job, a reader and the newest client pull."""
    files = {".gitattributes": ATTRIBUTES, "config.json": b"{}"}
    files |= {f"part-{n}.safetensors": Lfs(safetensors(f"{storm} {n}", (n + 1) * MIB // 2))
              for n in range(6)}
    files |= {f"texts/{n}.txt": seeded(f"{storm} {n}", 40_000).hex().encode() for n in range(6)}
    hub = new_mirror(**settings(HASTY))
    warm = seeded("warm", 20_000)
    warm_path = resolve(WARM, "a.txt", upstream.repo(WARM).commit({"a.txt": warm}))
    assert pull(hub, warm_path).body == warm
    commit = upstream.repo(REPO).commit(files)
    upstream.bytes_per_s = 4 * MIB
    upstream.weather = Weather(SEED, STORMS[storm], mean_bytes=400_000, seconds=1.5)
    upstream.set_mode("")  # connections of before are fair ones
    before = received_bytes(hub)
    large = "part-5.safetensors"
    client = Client("hub-new", hub.endpoint, None, tmp_path / "home")

    def snapshot():
        """Started again, as people do, when it gives up."""
        for _ in range(CLIENT_TRIES):
            with contextlib.suppress(Exception):
                return digests(client.call("snapshot_download", repo_id=REPO, revision=commit))
        raise AssertionError("no snapshot")

    with Watch(hub, warm_path, warm) as others:
        number = submitted(hub, REPO)
        ended, (right, _), snap = at_once([
            lambda: job_ends(hub, number),
            lambda: whole(hub, resolve(REPO, large, commit), files[large].data), snapshot])
    assert right
    check_job(ended, files)
    assert snap == {name: hashlib.sha256(one.data if isinstance(one, Lfs) else one).hexdigest()
                    for name, one in files.items() if name != ".gitattributes"}
    bad = {kind: n for kind, n in upstream.weather.drawn.items() if kind != "fair"}
    assert sum(bad.values()) >= 3, f"seed {SEED}: fair weather, {upstream.weather.drawn}"
    check_others(others)
    check_received(hub, before, files)
    check_store(hub)


def test_a_stop_does_not_wait_for_a_history_that_drips(upstream, new_mirror):
    """Bytes that come one by one keep the fetch alive for its ten minutes."""
    files = content(MIB)
    commit = upstream.repo(REPO).commit(files)
    hub = new_mirror()
    planted = upstream.plant(Fault("drip", actions.drip(0.02), wants="body"), "git", REPO)
    number = submitted(hub, REPO)

    def drips() -> bool:
        return any(entry.place == "git" and entry.method == "POST" and entry.status == 200
                   for entry in list(upstream.ledger.entries))

    def waits() -> bool:
        return job(hub, number)["progress"].get("note") == "bringing the history"

    assert wait_for(lambda: drips() and waits()), (job(hub, number), planted.hits)
    started = time.monotonic()
    assert hub.stop() == 0
    assert time.monotonic() - started < 5
    upstream.heal()
    hub.start()
    ended = job_ends(hub, number)
    check_job(ended, files)
    assert ended["attempts"] == 1  # the stop was not the job's fault
    assert pull(hub, resolve(REPO, "second.bin", commit)).body == files["second.bin"].data


def test_a_cancelled_job_does_not_wait_for_a_history_that_drips(upstream, new_mirror):
    upstream.repo(REPO).commit(content(MIB))
    hub = new_mirror()
    # The first is the one in the background, for all; the job waits for it.
    upstream.plant(Fault("drip", actions.drip(0.02), wants="body"), "git", REPO)
    number = submitted(hub, REPO)
    assert wait_for(lambda: job(hub, number)["progress"].get("note") == "bringing the history")
    assert hub.request("DELETE", f"/api/waag/v1/jobs/{number}").status in (200, 202)
    assert job_ends(hub, number, 5)["state"] == "cancelled"
