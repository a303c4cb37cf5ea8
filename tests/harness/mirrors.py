"""Hubs with an upstream, and pulls from them that say how they ended."""

import concurrent.futures
import dataclasses
import http.client
import json
import pathlib
import time
import urllib.parse

from hub import Hub

MIB = 1 << 20
PULL_S = 20
POLL_S = 0.05
# Time-outs of a mirror on a link that answers within milliseconds.
SCALED = {
    "upstream.connect_timeout_ms": 500, "upstream.idle_timeout_ms": 700,
    "upstream.call_timeout_ms": 1500, "upstream.retries": 1, "upstream.retry_base_ms": 20,
    "mirror.ttl_s": 1, "mirror.negative_ttl_s": 1, "mirror.wait_ms": 4000,
}
GATEWAY = (502, 503, 504)


def mirror_of(upstream, data: pathlib.Path, scaled: bool = False, **settings) -> Hub:
    """A hub, not started yet, whose upstream is `upstream`. `settings`: a__b for a.b."""
    named = {name.replace("__", "."): value for name, value in settings.items()}
    given = allowed(upstream) | (SCALED if scaled else {}) | named
    return Hub(data, given)


def allowed(upstream, *ports: str) -> dict:
    """The imposter's own host and file server, and `ports` besides; its foreign one is another
    address of loopback."""
    host = upstream.addresses["cdn"][0]
    hosts = [":".join(map(str, upstream.addresses[port])) for port in ("cdn", *ports)]
    return {"upstream.urls": upstream.endpoint, "upstream.redirect_hosts": ", ".join(hosts),
            "upstream.ca_file": upstream.certificate.authority,
            "upstream.private_addresses": "127.0.0.0/8" if ports else f"{host}/32"}


@dataclasses.dataclass
class Pulled:
    """`end`: "whole"; "cut" in mid-body; "hang": nothing came for PULL_S; "lost" before a head."""

    status: int = 0
    headers: http.client.HTTPMessage | None = None
    body: bytes = b""
    end: str = "whole"
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status in (200, 206) and self.end == "whole"

    def json(self):
        return json.loads(self.body)

    def __str__(self) -> str:
        text = self.body[:200] if self.status >= 300 else b"..."
        return f"{self.status} {self.end}, {len(self.body)} bytes in {self.seconds:.1f} s: {text!r}"


def pull(hub: Hub, path: str, method: str = "GET", token: str | None = None,
         limit_s: float = PULL_S, **headers: str) -> Pulled:
    """One request on a connection of its own, never an exception for how it ends."""
    started, out = time.monotonic(), Pulled()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        fields["Authorization"] = f"Bearer {token}"
    link = http.client.HTTPConnection(hub.address, timeout=limit_s)
    try:
        link.request(method, path, headers=fields)
        reply = link.getresponse()
        out.status, out.headers = reply.status, reply.headers
        out.body, out.end = read_all(reply, started + limit_s)
    except TimeoutError:
        out.end = "hang"
    except (OSError, http.client.HTTPException):
        out.end = "lost"
    finally:
        link.close()
    out.seconds = time.monotonic() - started
    return out


def read_all(reply: http.client.HTTPResponse, deadline: float) -> tuple[bytes, str]:
    """(what came, how it ended)."""
    parts = []
    try:
        while block := reply.read1(MIB):
            parts.append(block)
            if time.monotonic() > deadline:
                return b"".join(parts), "hang"
    except TimeoutError:
        return b"".join(parts), "hang"
    except (OSError, http.client.HTTPException):
        return b"".join(parts), "cut"
    short = reply.length not in (None, 0)
    return b"".join(parts), "cut" if short else "whole"


def resolve(repo: str, path: str, revision: str = "main") -> str:
    return f"/{repo}/resolve/{revision}/{urllib.parse.quote(path)}"


def at_once(jobs, threads: int | None = None) -> list:
    """Runs callables in threads of their own; their results in order."""
    jobs = list(jobs)
    with concurrent.futures.ThreadPoolExecutor(threads or max(1, len(jobs))) as pool:
        return list(pool.map(lambda job: job(), jobs))


def wait_for(condition, limit_s: float = PULL_S) -> bool:
    """Polls what another process does, bounded; whether it came true."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def let_ttl_pass() -> None:
    """What a scaled mirror knows of its branches is old after this."""
    time.sleep(SCALED["mirror.ttl_s"] + 0.2)
