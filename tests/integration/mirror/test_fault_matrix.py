"""Every fault on every road it lies on: no wrong byte, no hang, no word of the upstream's trouble
that a client would remember.

Several hubs take their share of the faults, each with an imposter of its own: what one fault does
to the budget of an upstream must not be what another is judged by. The cells of one fault run at
the same time.
"""

import queue
import threading

import pytest
from cells import Cell
from imposter import Imposter, seeded
from imposter.faults import FAULTS
from mirrors import MIB, at_once, mirror_of, pull, resolve

LANES = 6
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

    def run(self, faults: queue.SimpleQueue) -> None:
        with self.imposter, self.hub:
            commit = self.imposter.repo("acme/healthy").commit({"a.txt": self.healthy})
            self.path = resolve("acme/healthy", "a.txt", commit)
            assert self.alive(), "a healthy repository could not be mirrored"
            while True:
                try:
                    fault = faults.get_nowait()
                except queue.Empty:
                    return
                self.try_fault(fault)
                if fault.lasting:
                    return

    def alive(self) -> bool:
        answer = pull(self.hub, self.path)
        return answer.ok and answer.body == self.healthy

    def try_fault(self, fault) -> None:
        cells = [Cell(fault, road, self.hub, self.imposter) for road in fault.roads]
        for cell in cells:
            self.results[fault.name, cell.road] = cell
        at_once(cell.prepare for cell in cells)
        if fault.mode:
            self.imposter.set_mode(fault.mode)
        at_once(cell.run for cell in cells)
        if not self.alive():
            cells[0].troubles.append("what was mirrored before is no longer served")
        self.imposter.heal()
        if fault.mode:
            self.imposter.set_mode("")
        at_once(cell.recover for cell in cells)
        rss = self.hub.rss_bytes()
        if rss > RSS_BYTES_MAX:
            cells[0].troubles.append(f"{rss // MIB} MiB of memory")
        if self.hub.process.poll() is not None:
            cells[0].troubles.append("the hub died")
            self.hub.start()


@pytest.fixture(scope="module")
def matrix(tmp_path_factory) -> dict:
    """{(fault, road): Cell}, all of them run."""
    results, waiting = {}, queue.SimpleQueue()
    for fault in sorted(FAULTS, key=lambda one: one.lasting):
        waiting.put(fault)
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
