"""One request and its answer, as a fault's action gets hold of them."""

import dataclasses

from .ledger import Entry
from .wire import BLOCK, Link, Reply, Request


@dataclasses.dataclass
class Planted:
    """A fault at a place. `met`: requests that it was meant for; `hits`: those it was done to."""

    fault: object
    place: str
    repo: str
    met: int = 0
    hits: int = 0

    def meets(self, entry: Entry, request: Request) -> bool:
        if self.place != entry.place or self.repo not in ("", entry.repo):
            return False
        if self.fault.times and self.met >= self.fault.times:
            return False
        return self.fault.wanted(request)


class Exchange:
    def __init__(self, server, link: Link, request: Request, reply: Reply, entry: Entry):
        self.server, self.link, self.request = server, link, request
        self.reply, self.entry = reply, entry
        entry.status = reply.status

    @property
    def bodiless(self) -> bool:
        return self.request.method == "HEAD" or self.reply.status in (204, 304)

    @property
    def chunked(self) -> bool:
        return "Transfer-Encoding" in self.reply.headers

    def send(self) -> bool:
        """The whole answer; the connection stays."""
        self.send_head()
        self.send_body()
        return True

    def send_head(self) -> None:
        self.entry.status = self.reply.status
        self.link.send(self.reply.head())

    def send_body(self, first: int = 0, last: int | None = None, ends: bool = True) -> None:
        """Bytes [first, last) of the body; `ends`: with the end of a chunked one."""
        if self.bodiless:
            return
        body = memoryview(self.reply.body)[:last]
        while first < len(body):
            at = self.reply.offset + first
            self.server.ledger.hold(self.reply.key, at)
            stop = self.server.ledger.next_stop(self.reply.key, at) - self.reply.offset
            block = body[first : min(first + BLOCK, stop)]
            self.server.pace(len(block))
            self._send_block(bytes(block))
            self.server.ledger.note_sent(self.reply.key, at, at + len(block))
            first += len(block)
        if ends and self.chunked:
            self.link.send(b"0\r\n\r\n")

    def _send_block(self, block: bytes) -> None:
        if self.chunked:
            block = b"%x\r\n" % len(block) + block + b"\r\n"
        self.link.send(block)

    def become(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Another answer altogether."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = Reply(status, fields, body)
