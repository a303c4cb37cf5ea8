"""HTTP/1.1 by hand over one socket: a fault must be able to send any bytes at all."""

import dataclasses
import gzip
import http
import socket
import struct
import urllib.parse

from .weather import Fate

BLOCK = 64 * 1024
HEAD_BYTES_MAX = 256 * 1024
QUIET_S = 30  # a connection on which nothing comes for so long is closed


class Gone(Exception):
    """The client closed the connection, or sends what is no request."""


@dataclasses.dataclass
class Request:
    method: str
    target: str  # as sent
    headers: dict[str, str]  # names in lower case
    body: bytes = b""
    port: str = "hub"  # "hub" | "cdn" | "foreign": which listener it came to

    @property
    def path(self) -> str:
        """Still percent-encoded."""
        return self.target.split("?", 1)[0]

    @property
    def query(self) -> dict[str, str]:
        pairs = urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        return dict(pairs)

    @property
    def token(self) -> str:
        kind, _, secret = self.headers.get("authorization", "").partition(" ")
        return secret if kind.lower() == "bearer" else ""


@dataclasses.dataclass
class Reply:
    """`key` names the object whose bytes from `offset` on are the body; "" for none."""

    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    key: str = ""
    offset: int = 0

    def head(self) -> bytes:
        try:
            reason = http.HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Odd"
        fields = dict(self.headers)
        names = {name.lower() for name in fields}
        bodiless = self.status in (204, 304)
        if not bodiless and not names & {"content-length", "transfer-encoding"}:
            fields["Content-Length"] = str(len(self.body))
        lines = [f"HTTP/1.1 {self.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


class Link:
    """One connection of a client."""

    def __init__(self, link: socket.socket, port: str):
        self.socket, self.port, self.rest = link, port, b""
        self.fate: Fate | None = None
        link.settimeout(QUIET_S)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Small, so that what the ledger counts as sent is nearly what has arrived.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * BLOCK)

    def send(self, data: bytes) -> None:
        try:
            if self.fate is None:
                self.socket.sendall(data)
            elif not self.fate.send(self, data):
                raise Gone
        except OSError as error:
            raise Gone from error

    def reset(self) -> None:
        """The client sees "connection reset", not an end."""
        linger = struct.pack("ii", 1, 0)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        except OSError:
            pass  # closed already
        self.socket.close()

    def close(self) -> None:
        """An end in good order: what was sent still arrives."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client was first
        self.socket.close()

    def left(self, seconds: float) -> bool:
        """Waits; whether the client has closed the connection by then."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(BLOCK) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def read_request(self) -> Request | None:
        """None at the end of the connection."""
        while b"\r\n\r\n" not in self.rest:
            if len(self.rest) > HEAD_BYTES_MAX or not self._more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3:
            raise Gone
        fields = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        if headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(words[0], words[1], headers, self._read_body(headers), self.port)

    def _more(self) -> bool:
        try:
            block = self.socket.recv(BLOCK)
        except OSError:
            return False
        self.rest += block
        return block != b""

    def _take(self, count: int) -> bytes:
        while len(self.rest) < count:
            if not self._more():
                raise Gone
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def _take_line(self) -> bytes:
        while b"\r\n" not in self.rest:
            if not self._more():
                raise Gone
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def _read_body(self, headers: dict) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            data = b""
            while size := int(self._take_line(), 16):
                data += self._take(size)
                self._take_line()
            self._take_line()
        else:
            data = self._take(int(headers.get("content-length", "0")))
        return gzip.decompress(data) if headers.get("content-encoding") == "gzip" else data
