"""One transfer for any number of readers: from the first byte on, and over the hub's own death."""

import http.client
import random
import threading
import time

import pytest
from imposter import ATTRIBUTES, Lfs, safetensors, seeded
from mirrors import MIB, PULL_S, at_once, pull, resolve, wait_for
from watch import Watch

CROWD = 200
CROWD_BYTES = 64 * MIB
CROWD_S = 180
KILL_BYTES = 256 * MIB
KILL_BYTES_PER_S = 48 * MIB
KILLS = 4
AGAIN_SHARE = 0.01
MANY = 64
MANY_BYTES = 6 * MIB
RSS_BYTES_MAX = 400 * MIB
BLOCK = 256 * 1024


class Reader:
    """Compares a file with what it should be while it comes."""

    def __init__(self, hub, path: str, want: bytes, **headers: str):
        self.link = http.client.HTTPConnection(hub.address, timeout=PULL_S)
        self.path, self.want, self.headers = path, memoryview(want), headers
        self.got, self.right, self.status = 0, True, 0

    def open(self) -> "Reader":
        self.link.request("GET", self.path, headers=self.headers)
        self.reply = self.link.getresponse()
        self.status = self.reply.status
        return self

    def read(self, count: int) -> bool:
        """Up to `count` bytes more; whether all that came is right."""
        wanted = min(self.got + count, len(self.want))
        while self.got < wanted:
            block = self.reply.read1(min(BLOCK, wanted - self.got))
            if not block:
                break
            self.right &= self.want[self.got : self.got + len(block)] == block
            self.got += len(block)
        return self.right

    def whole(self) -> bool:
        try:
            self.open().read(len(self.want))
            return self.right and self.status in (200, 206) and self.got == len(self.want)
        finally:
            self.link.close()


@pytest.fixture
def cold(upstream):
    """cold(size) -> (path at the hub, oid, bytes) of a file that no mirror has seen."""
    def make(size: int, repo: str = "acme/cold"):
        content = Lfs(safetensors(repo, size))
        files = {".gitattributes": ATTRIBUTES, "model.safetensors": content}
        commit = upstream.repo(repo).commit(files)
        return resolve(repo, "model.safetensors", commit), content.oid, content.data

    return make


def known(hub, path: str) -> None:
    """Has the metadata fetched, so that only bytes are still to come."""
    assert pull(hub, path, "HEAD").status == 200


def test_a_crowd_on_one_cold_file(upstream, new_mirror, cold):
    path, oid, data = cold(CROWD_BYTES)
    hub = new_mirror()
    started = time.monotonic()
    whole = at_once(Reader(hub, path, data).whole for _ in range(CROWD))
    assert whole == [True] * CROWD
    assert time.monotonic() - started < CROWD_S
    assert upstream.ledger.covered_bytes(oid) == CROWD_BYTES
    assert upstream.ledger.again_bytes(oid) == 0


def test_memory_with_many_cold_files(upstream, new_mirror):
    """As many fills as the hub's goal has transfers; what is mapped counts too."""
    files = {f"{n}.safetensors": Lfs(safetensors(f"many {n}", MANY_BYTES)) for n in range(MANY)}
    commit = upstream.repo("acme/many").commit({".gitattributes": ATTRIBUTES, **files})
    hub = new_mirror()
    small = resolve("acme/many", ".gitattributes", commit)
    assert pull(hub, small).body == ATTRIBUTES
    readers = [Reader(hub, resolve("acme/many", name, commit), content.data)
               for name, content in files.items()]
    with Watch(hub, small, ATTRIBUTES) as others:
        assert at_once(reader.whole for reader in readers) == [True] * MANY
    assert others.troubles == []
    print(f"{others.rss_bytes // MIB} MiB, {others.own_bytes // MIB} MiB without mapped files")
    assert others.rss_bytes <= RSS_BYTES_MAX
    for content in files.values():
        assert upstream.ledger.again_bytes(content.oid) == 0


def test_random_ranges_of_one_cold_file(upstream, new_mirror, cold):
    path, oid, data = cold(24 * MIB)
    hub = new_mirror()
    known(hub, path)
    # So that little is on the wire when a transfer ends where another began.
    upstream.bytes_per_s = 24 * MIB
    draw = random.Random(1)

    def reader():
        first = draw.randrange(len(data) - 1)
        last = min(len(data), first + draw.randrange(1, 2 * MIB))
        return Reader(hub, path, data[first:last], Range=f"bytes={first}-{last - 1}")

    readers = [reader() for _ in range(60)]
    assert at_once((one.whole for one in readers), 20) == [True] * len(readers)
    assert upstream.ledger.again_bytes(oid) <= AGAIN_SHARE * len(data)


def test_the_first_byte_goes_out_while_the_upstream_still_sends(upstream, new_mirror, cold):
    path, oid, data = cold(16 * MIB)
    hub = new_mirror()
    gate = upstream.ledger.gate(oid, MIB, len(data))
    reader = Reader(hub, path, data).open()
    assert reader.status == 200
    assert reader.read(128 * 1024) and reader.got == 128 * 1024
    assert not gate.event.is_set()
    gate.open()
    assert reader.read(len(data)) and reader.got == len(data)
    reader.link.close()


def test_a_second_reader_gets_what_is_there(upstream, new_mirror, cold):
    """Also one that comes late, and one of whom nothing is left."""
    path, oid, data = cold(16 * MIB)
    hub = new_mirror()
    gate = upstream.ledger.gate(oid, 4 * MIB, len(data))
    first = Reader(hub, path, data).open()
    assert first.read(MIB) and first.got == MIB
    second = Reader(hub, path, data).open()
    assert second.read(MIB) and second.got == MIB
    first.link.close()
    gate.open()
    assert second.read(len(data)) and second.got == len(data)
    second.link.close()
    assert upstream.ledger.again_bytes(oid) == 0


@pytest.mark.parametrize("asked", ["the middle", "the header of the weights"])
def test_a_demanded_range_does_not_wait_for_the_front(upstream, new_mirror, cold, asked):
    path, oid, data = cold(64 * MIB)
    hub = new_mirror()
    known(hub, path)
    first, last, held = {"the middle": (56 * MIB, 57 * MIB, (0, 48 * MIB)),
                         "the header of the weights": (0, 100_001, (8 * MIB, len(data)))}[asked]
    gate = upstream.ledger.gate(oid, *held)  # all that is far from what is asked for
    # Somebody else's pull of the whole file is on its way already.
    other = threading.Thread(target=pull, args=(hub, path))
    other.start()
    answer = pull(hub, path, Range=f"bytes={first}-{last - 1}")
    assert (answer.status, answer.end) == (206, "whole"), answer
    assert answer.body == data[first:last]
    assert not gate.event.is_set()
    gate.open()
    other.join(PULL_S)
    assert Reader(hub, path, data).whole()
    assert upstream.ledger.again_bytes(oid) == 0


def test_the_end_of_a_file_does_not_wait_for_the_front(upstream, new_mirror, cold):
    """Where archives have their lists. Its last bytes are held back until all is verified."""
    path, oid, data = cold(64 * MIB)
    hub = new_mirror()
    known(hub, path)
    gate = upstream.ledger.gate(oid, 0, 48 * MIB)
    reader = Reader(hub, path, data[-MIB:], Range=f"bytes=-{MIB}").open()
    assert reader.status == 206
    assert reader.read(MIB - 128 * 1024) and reader.got == MIB - 128 * 1024
    assert not gate.event.is_set()
    gate.open()
    assert reader.read(MIB) and reader.got == MIB
    reader.link.close()


def test_clients_that_leave_cancel_nothing(upstream, new_mirror, cold):
    path, oid, data = cold(32 * MIB)
    hub = new_mirror()
    gate = upstream.ledger.gate(oid, 2 * MIB, len(data))
    reader = Reader(hub, path, data).open()
    assert reader.read(MIB)
    reader.link.close()
    gate.open()
    assert wait_for(lambda: upstream.ledger.covered_bytes(oid) == len(data), 30)
    before = upstream.ledger.sent_bytes(oid)
    assert Reader(hub, path, data).whole()
    assert upstream.ledger.sent_bytes(oid) == before == len(data)


def test_head_never_waits_for_bytes(upstream, new_mirror, cold):
    path, oid, data = cold(4 * MIB)
    hub = new_mirror()
    upstream.ledger.gate(oid, 0, len(data))
    reader = threading.Thread(target=pull, args=(hub, path), kwargs={"limit_s": 3})
    reader.start()
    answer = pull(hub, path, "HEAD")
    assert answer.status == 200 and answer.seconds < 8
    assert answer.headers["Content-Length"] == str(len(data))
    assert answer.headers["ETag"] == f'"{oid}"'
    reader.join(PULL_S)
    upstream.ledger.gates[oid].open()


def test_a_file_that_changes_under_the_fill_is_never_mixed(upstream, new_mirror):
    """What is asked for by commit stays that commit's, whatever the branch does meanwhile."""
    repo = upstream.repo("acme/moving")
    old, new = Lfs(safetensors("old", 8 * MIB)), Lfs(safetensors("new", 8 * MIB))
    commit = repo.commit({".gitattributes": ATTRIBUTES, "model.safetensors": old})
    hub = new_mirror(mirror__ttl_s=1)
    gate = upstream.ledger.gate(old.oid, MIB, 8 * MIB)
    reader = Reader(hub, resolve("acme/moving", "model.safetensors"), old.data).open()
    assert reader.status == 200
    assert reader.read(64 * 1024)
    repo.commit({"model.safetensors": new})
    gate.open()
    assert reader.read(8 * MIB) and reader.got == 8 * MIB
    reader.link.close()
    path = resolve("acme/moving", "model.safetensors")
    assert wait_for(lambda: pull(hub, path).body == new.data)
    assert pull(hub, resolve("acme/moving", "model.safetensors", commit)).body == old.data


def test_a_killed_hub_goes_on_where_it_was(upstream, new_mirror, cold):
    path, oid, data = cold(KILL_BYTES)
    hub = new_mirror()
    upstream.bytes_per_s = KILL_BYTES_PER_S
    draw = random.Random(7)
    points = sorted(draw.uniform(0.05, 0.95) * KILL_BYTES for _ in range(KILLS))
    for point in points:
        reader = threading.Thread(target=pull, args=(hub, path), kwargs={"limit_s": 60})
        reader.start()
        moved = wait_for(lambda at=point: upstream.ledger.covered_bytes(oid) >= at, 60)
        hub.kill()
        reader.join(60)
        assert moved, upstream.ledger.covered_bytes(oid)
        hub.start()
    assert Reader(hub, path, data).whole()
    again = upstream.ledger.again_bytes(oid)
    assert again <= KILLS * AGAIN_SHARE * KILL_BYTES, f"{again / KILL_BYTES:.2%} came again"
    assert upstream.ledger.covered_bytes(oid) == KILL_BYTES
    assert hub.stop() == 0
    check = hub.offline("fsck")
    assert check.returncode == 0, check.stdout + check.stderr


def test_a_fill_goes_on_after_a_restart_without_a_reader(upstream, new_mirror, cold):
    """Who waited has gone; the next one finds more than was there, and nothing comes twice."""
    path, oid, data = cold(16 * MIB)
    hub = new_mirror()
    gate = upstream.ledger.gate(oid, 12 * MIB, len(data))
    reader = Reader(hub, path, data).open()
    assert reader.read(10 * MIB) and reader.got == 10 * MIB
    reader.link.close()
    hub.kill()
    gate.open()
    hub.start()
    assert Reader(hub, path, data).whole()
    # Four streams may each have been in the middle of a block.
    assert upstream.ledger.again_bytes(oid) <= 4 * MIB


def test_bytes_of_small_files_come_once(upstream, new_mirror):
    repo = upstream.repo("acme/small")
    files = {f"f{n}.txt": seeded(n, 3000).hex().encode() for n in range(30)}
    commit = repo.commit(files)
    hub = new_mirror()
    paths = [resolve("acme/small", name, commit) for name in files] * 4
    answers = at_once((lambda path=path: pull(hub, path) for path in paths), 24)
    for path, answer in zip(paths, answers, strict=True):
        assert answer.ok and answer.body == files[path.rsplit("/", 1)[1]], answer
    before = len(upstream.ledger.entries)
    assert all(pull(hub, path).ok for path in paths[:30])
    assert len(upstream.ledger.entries) == before
