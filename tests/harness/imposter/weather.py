"""Links that go wrong by lot: after some bytes a connection is cut, stalls or drips, or it is never
answered at all."""

import dataclasses
import random
import threading
import time

DRIP_BYTES = 200
DRIP_S = 0.05


@dataclasses.dataclass
class Fate:
    """What befalls one connection when it has sent `after_bytes`. "fair": nothing; "reset" and
    "close": it ends; "stall": nothing comes for `seconds`; "drip": DRIP_BYTES each DRIP_S for so
    long; then it goes on. "silent": no byte is ever sent."""

    kind: str
    after_bytes: int
    seconds: float
    sent_bytes: int = 0

    def send(self, link, data: bytes) -> bool:
        """Whether the connection still stands. OSError if the other side has left."""
        left = self.after_bytes - self.sent_bytes
        self.sent_bytes += len(data)
        if self.kind == "fair" or left >= len(data):
            link.socket.sendall(data)
            return True
        link.socket.sendall(data[:left])
        befalls, self.kind = self.kind, "fair"
        if befalls in ("reset", "close"):
            link.reset() if befalls == "reset" else link.close()
            return False
        rest = memoryview(data)[left:]
        end = time.monotonic() + self.seconds
        while rest and befalls == "drip" and time.monotonic() < end:
            link.socket.sendall(rest[:DRIP_BYTES])
            rest = rest[DRIP_BYTES:]
            time.sleep(DRIP_S)
        if befalls == "stall":
            time.sleep(self.seconds)
        link.socket.sendall(rest)
        return True


class Weather:
    """Fates by lot: `odds` of each kind, the rest is fair; `mean_bytes` until something happens.
    The same seed draws the same in the same order."""

    def __init__(self, seed: int, odds: dict[str, float], mean_bytes: int, seconds: float):
        self.lot, self.odds = random.Random(seed), odds
        self.mean_bytes, self.seconds = mean_bytes, seconds
        self.lock = threading.Lock()
        self.drawn: dict[str, int] = {}

    def draw(self) -> Fate:
        with self.lock:
            kinds = [*self.odds, "fair"]
            weights = [*self.odds.values(), 1 - sum(self.odds.values())]
            kind = self.lot.choices(kinds, weights)[0]
            self.drawn[kind] = self.drawn.get(kind, 0) + 1
            after = int(self.lot.expovariate(1 / self.mean_bytes))
            return Fate(kind, after, self.seconds)
