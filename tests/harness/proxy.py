"""A loopback proxy between a client and the hub that counts requests and cuts answers short."""

import socket
import threading
import time

BLOCK = 64 * 1024


class CuttingProxy:
    """Forwards connections. While `cuts` > 0, a GET answer of more than `after_bytes` bytes is
    cut there by closing the connection, and `cuts` goes down by one. Requests are noted as
    (method, target). A request that `holds` names waits before it is forwarded. Every connection
    carries one request: the proxy adds `Connection: close`.
    """

    def __init__(self, address: str, cuts: int = 0, after_bytes: int = 0):
        self.lead_to(address)
        self.cuts, self.after_bytes = cuts, after_bytes
        self.requests: list[tuple[str, str]] = []
        self.ranges: list[str] = []
        self.sent_bytes = 0  # by clients, heads and bodies
        self.statuses: list[tuple[str, str, int]] = []  # (method, target, status)
        self.holds: list[tuple[str, float]] = []  # (part of a target, s): each holds one request
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def lead_to(self, address: str) -> None:
        """Another hub from now on: the same one after a restart."""
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))

    def count(self, method: str, part: str = "") -> int:
        with self.lock:
            return sum(1 for verb, target in self.requests if verb == method and part in target)

    def _accept(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket):
        try:
            with link, socket.create_connection(self.target, timeout=60) as hub:
                link.settimeout(60)
                self._forward(link, hub)
        except OSError:
            pass  # one side went away, or was not there: both sockets are closed

    def _forward(self, link: socket.socket, hub: socket.socket):
        head = self._read_head(link)
        if head is None:
            return
        method, target, wire, body = head
        time.sleep(self._take_hold(target))
        hub.sendall(wire + body)
        self._note_sent(len(wire) + len(body))
        up = threading.Thread(target=self._pump, args=(link, hub), daemon=True)
        up.start()
        self._down(hub, link, method, target)

    def _read_head(self, link: socket.socket):
        data = b""
        while b"\r\n\r\n" not in data:
            block = link.recv(BLOCK)
            if not block:
                return None
            data += block
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        kept = [line for line in lines if not line.lower().startswith("connection:")]
        with self.lock:
            self.requests.append((method, target))
            found = [line for line in lines if line.lower().startswith("range:")]
            self.ranges += [line.split(":", 1)[1].strip() for line in found]
        wire = "\r\n".join([*kept, "Connection: close", "", ""]).encode("latin-1")
        return method, target, wire, body

    def _note_sent(self, count: int):
        with self.lock:
            self.sent_bytes += count

    def _pump(self, source: socket.socket, sink: socket.socket):
        try:
            while block := source.recv(BLOCK):
                sink.sendall(block)
                self._note_sent(len(block))
        except OSError:
            pass  # the other direction reports the end

    def _down(self, hub: socket.socket, link: socket.socket, method: str, target: str):
        sent = 0
        while block := hub.recv(BLOCK):
            if sent == 0:
                with self.lock:
                    self.statuses.append((method, target, int(block.split(b" ", 2)[1])))
            if method == "GET" and sent + len(block) > self.after_bytes and self._take_cut():
                link.sendall(block[: self.after_bytes - sent])
                link.shutdown(socket.SHUT_RDWR)
                return
            link.sendall(block)
            sent += len(block)
        link.shutdown(socket.SHUT_RDWR)

    def _take_hold(self, target: str) -> float:
        with self.lock:
            for number, (part, seconds) in enumerate(self.holds):
                if part in target:
                    del self.holds[number]
                    return seconds
        return 0

    def _take_cut(self) -> bool:
        with self.lock:
            if self.cuts <= 0:
                return False
            self.cuts -= 1
            return True
