"""Every fault on every road it lies on: no wrong byte, no hang, no word of the upstream's trouble
that a client would remember.

Several hubs take their share of the cells, each with an imposter of its own, one cell after the
other: what one fault does to the budget of an upstream, or to the trust in it, must not be what
another is judged by.
"""

import itertools
import queue
import threading

import pytest
from cells import Cell
from imposter import Imposter, seeded
from imposter.faults import FAULTS
from mirrors import MIB, mirror_of, pull, resolve

LANES = 12
LANE_S = 600
RSS_BYTES_MAX = 700 * MIB
IDS = [(fault.name, road) for fault in FAULTS for road in fault.roads]


class Lane:
    """A hub, its imposter, and a repository that is mirrored before anything goes wrong."""

    def __init__(self, folder, results: dict):
        self.imposter = Imposter(folder / "upstream")
        self.hub = mirror_of(self.imposter, folder / "data", scaled=True)
        self.results = results
        self.healthy = seeded(folder.name, 5000)
        self.numbers = itertools.count()

    def run(self, waiting: queue.SimpleQueue) -> None:
        with self.imposter, self.hub:
            commit = self.imposter.repo("acme/healthy").commit({"a.txt": self.healthy})
            self.path = resolve("acme/healthy", "a.txt", commit)
            assert self.alive(), "a healthy repository could not be mirrored"
            while True:
                try:
                    fault, road = waiting.get_nowait()
                except queue.Empty:
                    return
                self.try_cell(Cell(fault, road, self.hub, self.imposter))

    def alive(self) -> bool:
        answer = pull(self.hub, self.path)
        return answer.ok and answer.body == self.healthy

    def try_cell(self, cell: Cell) -> None:
        self.results[cell.fault.name, cell.road] = cell
        cell.prepare()
        if cell.fault.mode:
            self.imposter.set_mode(cell.fault.mode)
        cell.run()
        if not self.alive():
            cell.troubles.append("what was mirrored before is no longer served")
        self.imposter.heal()
        if cell.fault.mode:
            self.imposter.set_mode("")
        if self.hub.process.poll() is not None:
            cell.troubles.append("the hub died")
        elif (rss := self.hub.rss_bytes()) > RSS_BYTES_MAX:
            cell.troubles.append(f"{rss // MIB} MiB of memory")
        if not self.trusts():
            # It knows that its upstream is bad, or was told to wait, for longer than a test lasts.
            self.hub.kill()
            self.hub.start()
        cell.recover()

    def trusts(self) -> bool:
        """Asks the upstream for something new by both its budgets, which also ends a row of
        failures."""
        name = f"acme/new-{next(self.numbers)}"
        repo = self.imposter.repo(name)
        repo.git_open = False
        repo.commit({"a.txt": name.encode()})
        return pull(self.hub, resolve(name, "a.txt")).ok


@pytest.fixture(scope="module")
def matrix(tmp_path_factory) -> dict:
    """{(fault, road): Cell}, all of them run."""
    results, waiting = {}, queue.SimpleQueue()
    for fault in FAULTS:
        for road in fault.roads:
            waiting.put((fault, road))
    lanes = [Lane(tmp_path_factory.mktemp(f"lane{n}"), results) for n in range(LANES)]
    threads = [threading.Thread(target=lane.run, args=(waiting,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LANE_S)
    return results


def test_all_cells_ran(matrix):
    assert set(matrix) == set(IDS)
    assert len(IDS) >= 200 and len(FAULTS) >= 60


@pytest.mark.parametrize("fault,road", IDS)
def test_cell(matrix, fault, road):
    assert (fault, road) in matrix
    cell = matrix[fault, road]
    assert cell.answer is not None
    assert cell.troubles == []


def test_no_token_and_nothing_at_all_went_to_a_foreign_host(matrix):
    for upstream in {id(cell.upstream): cell.upstream for cell in matrix.values()}.values():
        assert [entry.target for entry in upstream.ledger.entries if entry.port == "foreign"] == []
