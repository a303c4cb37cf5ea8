"""What other clients see of a hub, and what it takes up, while something goes on."""

import threading
import time

from mirrors import pull

EVERY_S = 0.05


class Watch:
    """`with Watch(hub, path) as others:` asks for `path` all the while, as a client of its own that
    is in no hurry, and looks at the hub's memory. `host`: where the client is, if not here."""

    def __init__(self, hub, path: str, want: bytes, host=None):
        self.hub, self.path, self.want, self.host = hub, path, want, host
        self.seconds: list[float] = []
        self.troubles: list[str] = []
        self.rss_bytes = self.own_bytes = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)

    def _run(self) -> None:
        if self.host is None:
            self._ask()
        else:
            self.host.do(self._ask)

    def _ask(self) -> None:
        while not self.over.wait(EVERY_S):
            answer = pull(self.hub, self.path)
            self.seconds.append(answer.seconds)
            if not answer.ok or answer.body != self.want:
                self.troubles.append(str(answer))
            self.rss_bytes = max(self.rss_bytes, self.hub.rss_bytes())
            self.own_bytes = max(self.own_bytes, self.hub.rss_bytes(mapped=False))

    def share_within(self, seconds: float) -> float:
        """Of all answers."""
        return sum(1 for one in self.seconds if one <= seconds) / len(self.seconds)


class Ticks:
    """Calls `off()` and `on()` in turn, each `every_s` after the other, beginning with time on;
    ends with `on()`. `count`: how often it was off."""

    def __init__(self, off, on, every_s: float):
        self.off, self.on, self.every_s = off, on, every_s
        self.count, self.error = 0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Ticks":
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            while not self.over.wait(self.every_s):
                self.off()
                self.count += 1
                time.sleep(self.every_s)
                self.on()
        except Exception as error:  # raised again by the caller's thread
            self.error = error
