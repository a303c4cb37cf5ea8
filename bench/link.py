"""A long way to an upstream: a proxy on loopback that delivers late, and at a limited rate."""

import collections
import socket
import threading
import time

BLOCK = 128 * 1024
AHEAD_S = 0.005  # of the lane: what does not go out soon waits where it comes from, as on a wire


class Lane:
    """The capacity of one direction, which all connections share."""

    def __init__(self, rate_bytes: float):
        self.rate_bytes, self.free_at = rate_bytes, 0.0
        self.lock = threading.Lock()

    def take(self, count: int) -> float:
        """When the last of so many bytes has gone out."""
        if not self.rate_bytes:
            return time.monotonic()
        with self.lock:
            self.free_at = max(time.monotonic(), self.free_at) + count / self.rate_bytes
            return self.free_at


class Link:
    """Forwards connections to `address`. Every byte takes `delay_s` more, each way, and a new
    connection one turn there and back; at most `window_bytes` of a connection are on their way at
    a time. There is neither loss nor slow start. `down_bytes` counts what `address` has sent.
    """

    def __init__(self, address: str, delay_s: float, rate_bytes: float = 0,
                 window_bytes: int = 2 << 20):
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))
        self.delay_s, self.window_bytes = delay_s, window_bytes
        self.up, self.down = Lane(0), Lane(rate_bytes)
        self.down_bytes = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def endpoint(self) -> str:
        return f"http://{self.address}"

    def __enter__(self) -> "Link":
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target, timeout=60)
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stands = time.monotonic() + 2 * self.delay_s
            ends = [threading.Semaphore(0), threading.Semaphore(0)]
            Flight(self, near, far, self.up, stands, ends[0]).start()
            Flight(self, far, near, self.down, stands, ends[1]).start()
            threading.Thread(target=close_after, args=(ends, near, far), daemon=True).start()

    def note(self, lane: Lane, count: int) -> None:
        if lane is self.down:
            with self.lock:
                self.down_bytes += count


def close_after(ends, *sockets: socket.socket) -> None:
    for end in ends:
        end.acquire()
    for each in sockets:
        each.close()


class Flight:
    """One direction of a connection: bytes that are on their way, each with its time of arrival."""

    def __init__(self, link: Link, source, sink, lane: Lane, stands: float, end):
        self.link, self.source, self.sink = link, source, sink
        self.lane, self.stands, self.end = lane, stands, end
        self.blocks: collections.deque = collections.deque()
        self.bytes, self.broken = 0, False
        self.changed = threading.Condition()

    def start(self) -> None:
        threading.Thread(target=self._take, daemon=True).start()
        threading.Thread(target=self._deliver, daemon=True).start()

    def _take(self) -> None:
        block = b"-"
        while block:
            try:
                block = self.source.recv(BLOCK)
            except OSError:
                block = b""
            sent_at = max(self.lane.take(len(block)), self.stands)
            self.link.note(self.lane, len(block))
            with self.changed:
                self.blocks.append((sent_at + self.link.delay_s, block))
                self.bytes += len(block)
                self.changed.notify()
                self.changed.wait_for(lambda: self.bytes < self.link.window_bytes or self.broken)
                if self.broken:
                    return
            ahead = sent_at - time.monotonic() - AHEAD_S
            if ahead > 0:
                time.sleep(ahead)  # the capacity is the others' meanwhile

    def _deliver(self) -> None:
        try:
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.blocks)
                    due, block = self.blocks.popleft()
                time.sleep(max(0.0, due - time.monotonic()))
                if not block:
                    self.sink.shutdown(socket.SHUT_WR)
                    break
                self.sink.sendall(block)
                with self.changed:
                    self.bytes -= len(block)
                    self.changed.notify()
        except OSError:
            with self.changed:  # the receiver went away: the sender learns of it
                self.broken = True
                self.changed.notify()
            for each in (self.source, self.sink):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.end.release()
