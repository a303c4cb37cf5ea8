"""What the imposter was asked for, and which bytes of which object it has sent how often."""

import dataclasses
import threading
import time

GATE_S = 60  # no gate holds a connection for longer


@dataclasses.dataclass
class Entry:
    """One request. `status` is 0 while it is being answered, or if a fault left no status."""

    at: float
    port: str
    method: str
    target: str
    headers: dict[str, str]
    place: str = ""
    repo: str = ""
    status: int = 0
    fault: str = ""


class Gate:
    """Holds back the bytes [first, last) of an object until it is opened."""

    def __init__(self, first: int, last: int):
        self.first, self.last, self.event = first, last, threading.Event()
        self.reached = threading.Event()

    def open(self) -> None:
        self.event.set()

    def hold(self, offset: int) -> None:
        if self.first <= offset < self.last and not self.event.is_set():
            self.reached.set()
            self.event.wait(GATE_S)


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.entries: list[Entry] = []
        self.sent: dict[str, list[tuple[int, int]]] = {}  # key: [(first, last + 1)]
        self.gates: dict[str, Gate] = {}

    def note(self, request) -> Entry:
        entry = Entry(time.monotonic(), request.port, request.method, request.target,
                      request.headers)
        with self.lock:
            self.entries.append(entry)
        return entry

    def note_sent(self, key: str, first: int, last: int) -> None:
        if key:
            with self.lock:
                self.sent.setdefault(key, []).append((first, last))

    def gate(self, key: str, first: int, last: int) -> Gate:
        self.gates[key] = Gate(first, last)
        return self.gates[key]

    def hold(self, key: str, offset: int) -> None:
        if key in self.gates:
            self.gates[key].hold(offset)

    def next_stop(self, key: str, offset: int) -> int:
        """The next offset at which bytes of the object may be held back."""
        gate = self.gates.get(key)
        return gate.first if gate and gate.first > offset else 1 << 62

    def count(self, *, place: str = "", repo: str = "", part: str = "", method: str = "") -> int:
        with self.lock:
            return sum(1 for entry in self.entries
                       if place in ("", entry.place) and repo in ("", entry.repo)
                       and part in entry.target and method in ("", entry.method))

    def sent_bytes(self, *keys: str) -> int:
        """Of all objects if no key is given."""
        with self.lock:
            return sum(last - first for key in keys or list(self.sent)
                       for first, last in self.sent.get(key, []))

    def covered_bytes(self, key: str) -> int:
        """How many different bytes of the object have been sent."""
        with self.lock:
            parts = sorted(self.sent.get(key, []))
        covered = end = 0
        for first, last in parts:
            covered += max(0, last - max(first, end))
            end = max(end, last)
        return covered

    def again_bytes(self, key: str) -> int:
        """How many bytes were sent although they had been sent before."""
        return self.sent_bytes(key) - self.covered_bytes(key)

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()
            self.sent.clear()
