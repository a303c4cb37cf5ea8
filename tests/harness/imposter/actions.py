"""What a fault does instead of the honest answer. Each action takes the exchange; it returns True
if the connection can carry another request. The makers below are given their numbers by faults.py.
"""

import gzip
import json
import re
import time

from .exchange import Exchange
from .wire import BLOCK, Reply

HANG_S = 15  # longer than any client's patience in these tests; ends when the client leaves
ENDLESS_BYTES_MAX = 64 << 20
LOGIN_PAGE = b"<!doctype html><html><title>Sign in</title><form>" + b"<p>please</p>" * 400


def hang(x: Exchange, seconds: float = HANG_S) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not x.link.left(0.2):
        pass


# --- connections and heads

def no_answer(x: Exchange) -> None:
    hang(x)


def text(data: bytes, then: str = "close"):
    """These bytes instead of an answer, then "close", "reset" or "hang"."""
    def action(x: Exchange) -> None:
        x.link.send(data)
        if then == "hang":
            hang(x)
        elif then == "reset":
            x.link.reset()
    return action


def part_of_head(share: float, then: str):
    def action(x: Exchange) -> None:
        head = x.reply.head()
        text(head[: int(len(head) * share)], then)(x)
    return action


def before_head(data: bytes, times: int = 1):
    """Bytes ahead of the honest answer, such as interim replies."""
    def action(x: Exchange) -> bool:
        for _ in range(times):
            x.link.send(data)
        return x.send()
    return action


def more_headers(name: str, value: str, times: int = 1):
    def action(x: Exchange) -> bool:
        for number in range(times):
            x.reply.headers[f"{name}-{number}"] = value
        return x.send()
    return action


def endless_headers(x: Exchange) -> None:
    x.link.send(b"HTTP/1.1 200 OK\r\n")
    line = b"X-Padding: " + b"y" * 1000 + b"\r\n"
    for _ in range(ENDLESS_BYTES_MAX // len(line)):
        x.link.send(line)


def headers(**changes):
    """Other headers with the same body; None takes one away."""
    def action(x: Exchange) -> None:
        for name, value in changes.items():
            name = name.replace("_", "-")
            x.reply.headers.pop(name, None)
            if value is not None:
                x.reply.headers[name] = value
        x.send()
    return action


# --- bodies that stop or do not

def stop(share: float, then: str, keep_back: int = 0):
    """The answer up to a share of its body, less `keep_back` bytes: "hang", "reset", "close"."""
    def action(x: Exchange) -> None:
        x.send_head()
        x.send_body(last=max(0, int(len(x.reply.body) * share) - keep_back), ends=False)
        if then == "hang":
            hang(x)
        elif then == "reset":
            time.sleep(0.05)  # or the reset overtakes what was sent
            x.link.reset()
    return action


def drip(pause_s: float):
    """A byte at a time."""
    def action(x: Exchange) -> None:
        x.send_head()
        for at in range(len(x.reply.body)):
            x.send_body(at, at + 1, ends=False)
            if x.link.left(pause_s):
                return
    return action


def length(factor: float, then: str = "close"):
    """A Content-Length that is not that of the body."""
    def action(x: Exchange) -> None:
        x.reply.headers.pop("Transfer-Encoding", None)
        x.reply.headers["Content-Length"] = str(int(len(x.reply.body) * factor) + 1)
        x.send()
        if then == "hang":
            hang(x)
    return action


def longer(extra: bytes, declared: bool):
    """Bytes beyond the end; `declared`: the Content-Length counts them too."""
    def action(x: Exchange) -> None:
        size = len(x.reply.body)
        x.reply.headers.pop("Transfer-Encoding", None)
        x.reply.body = bytes(x.reply.body) + extra
        x.reply.headers["Content-Length"] = str(size + len(extra) if declared else size)
        x.send()
    return action


def without_length(share: float):
    """A body that only the end of the connection ends, too early."""
    def action(x: Exchange) -> None:
        x.reply.headers |= {"Content-Length": None, "Connection": "close"}
        x.reply.headers.pop("Transfer-Encoding", None)
        x.send_head()
        x.send_body(last=int(len(x.reply.body) * share))
    return action


def chunked(share: float, end: bytes, endless: bool = False):
    def action(x: Exchange) -> None:
        x.reply.headers["Transfer-Encoding"] = "chunked"
        x.send_head()
        x.send_body(last=int(len(x.reply.body) * share), ends=False)
        for _ in range(ENDLESS_BYTES_MAX // BLOCK if endless else 0):
            x.link.send(b"%x\r\n" % BLOCK + bytes(BLOCK) + b"\r\n")
            time.sleep(0.002)
        x.link.send(end)
    return action


# --- other bytes

def other_body(change):
    """`change(body) -> body`; the headers are those of the new body."""
    def action(x: Exchange) -> bool:
        x.reply.body = change(bytes(x.reply.body))
        if "Content-Length" in x.reply.headers:
            x.reply.headers["Content-Length"] = str(len(x.reply.body))
        return x.send()
    return action


def flip(share: float):
    def change(body: bytes) -> bytes:
        if not body:
            return body
        at = min(int(len(body) * share), len(body) - 1)
        return body[:at] + bytes([body[at] ^ 0x40]) + body[at + 1 :]
    return other_body(change)


def encoded(name: str, change):
    def action(x: Exchange) -> bool:
        x.reply.body = change(bytes(x.reply.body))
        x.reply.headers["Content-Encoding"] = name
        return x.send()
    return action


def bomb(body: bytes) -> bytes:
    return gzip.compress(bytes(ENDLESS_BYTES_MAX), 1)


def page(body: bytes = LOGIN_PAGE, kind: str = "text/html", status: int = 200):
    def action(x: Exchange) -> bool:
        x.become(status, body, Content_Type=kind)
        return x.send()
    return action


# --- ranges: only answers of 206 change

def whole(x: Exchange) -> bool:
    """200 with the whole object although a range was asked for."""
    data = x.server.object(x.reply.key)
    if x.reply.status == 206 and data is not None:
        kept = {k: v for k, v in x.reply.headers.items() if k != "Content-Range"}
        x.reply = Reply(200, kept, data, x.reply.key)
    return x.send()


def content_range(form: str):
    """`form` with {first}, {last} and {size} of the honest one."""
    def action(x: Exchange) -> bool:
        first, last, size = range_of(x)
        x.reply.headers["Content-Range"] = form.format(first=first, last=last, size=size,
                                                       next=first + 1, more=size + 4096)
        return x.send()
    return action


def range_of(x: Exchange) -> tuple[int, int, int]:
    """(first, last, size) of the answer."""
    data = x.server.object(x.reply.key) or x.reply.body
    first = x.reply.offset
    return first, first + len(x.reply.body) - 1, len(data)


def short_range(x: Exchange) -> bool:
    """Half of the range, and headers that say so."""
    first, last, size = range_of(x)
    x.reply.body = x.reply.body[: (len(x.reply.body) + 1) // 2]
    last = first + len(x.reply.body) - 1
    x.reply.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    x.reply.status = 206
    return x.send()


def shifted_range(x: Exchange) -> bool:
    """Bytes of elsewhere in the file under the asked Content-Range."""
    body = bytes(x.reply.body)
    x.reply.body = body[-1000:] + body[:-1000]
    return x.send()


# --- statuses and redirects

def status(code: int, body: bytes = b"upstream says no", **fields):
    def action(x: Exchange) -> bool:
        made = {name: value() if callable(value) else value for name, value in fields.items()}
        x.become(code, body if code not in (204, 304) else b"", **made)
        return x.send()
    return action


def seconds_from_now(seconds: int):
    def made() -> str:
        at = time.gmtime(time.time() + seconds)
        return time.strftime("%a, %d %b %Y %H:%M:%S GMT", at)
    return made


def redirect(to: str, code: int = 302):
    """`to` with {hub}, {cdn}, {foreign}, {target}, {path}."""
    def action(x: Exchange) -> bool:
        urls = {port: x.server.url(port) for port in x.server.addresses}
        target = to.format(**urls, target=x.request.target, path=x.request.path)
        x.become(code, b"elsewhere", Location=target)
        return x.send()
    return action


def redirects(count: int):
    """A chain of so many, the last of which leads to the honest answer."""
    def action(x: Exchange) -> bool:
        done = int(x.request.query.get("hop", 0))
        if done >= count:
            return x.send()
        base = re.sub(r"[?&]hop=\d+$", "", x.request.target)
        mark = "&" if "?" in base else "?"
        x.become(302, b"elsewhere", Location=f"{base}{mark}hop={done + 1}")
        return x.send()
    return action


def as_json(change):
    """`change(value) -> value` of an honest JSON answer."""
    def action(x: Exchange) -> bool:
        if x.reply.status == 200:
            value = change(json.loads(bytes(x.reply.body)))
            x.reply.body = json.dumps(value).encode()
        return x.send()
    return action
