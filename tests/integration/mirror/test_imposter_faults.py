"""Every fault of the matrix is one: what it sends differs from the honest answer, or nothing ends.

Asked here by plain sockets, so that a cell of the matrix that passes has met its fault.
"""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from imposter import Imposter, Lfs, safetensors
from imposter.faults import FAULTS

LIMIT_S = 1.0
THREADS = 24
BYTES_MAX = 1 << 20  # of an endless answer, this much is enough
# Their answers are honest ones; what differs is the next.
LATER = {"branch-moves-all-the-time"}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    with Imposter(tmp_path_factory.mktemp("imposter")) as made:
        yield made


def targets(upstream, repo: str, place: str) -> list[tuple[str, str]]:
    """(port, target) of requests that the place gets for the repository."""
    held = upstream.repo(repo)
    small = next(iter(held.tree(held.heads["main"])))["oid"]
    oid = next(iter(held.lfs))
    return {
        "api": [("hub", f"/api/models/{repo}"), ("hub", f"/api/models/{repo}/tree/main")],
        "resolve": [("hub", f"/{repo}/resolve/main/m.bin"),
                    ("hub", f"/api/resolve-cache/models/{repo}/main/a.txt?etag={small}")],
        "cdn": [("cdn", f"/repos/aa/bb/{oid}?Signature=for-this-url-only")],
        "git": [("hub", f"/{repo}/info/refs?service=git-upload-pack")],
    }[place]


def connected(upstream, port: str) -> socket.socket:
    link = socket.create_connection(upstream.addresses[port], timeout=LIMIT_S)
    if port not in upstream.secured:
        return link
    # A cut is an end here, as without TLS.
    context = upstream.certificate.context()
    return context.wrap_socket(link, server_hostname="127.0.0.1", suppress_ragged_eofs=True)


def ask(upstream, port: str, target: str) -> bytes:
    """All bytes that come, and how they ended."""
    head = f"GET {target} HTTP/1.1\r\nHost: x\r\nRange: bytes=100-20000\r\nConnection: close\r\n"
    got, deadline = b"", time.monotonic() + 2 * LIMIT_S
    try:
        with connected(upstream, port) as link:
            link.sendall(f"{head}\r\n".encode())
            while len(got) < BYTES_MAX and time.monotonic() < deadline:
                block = link.recv(65536)
                if not block:
                    return got + b" END"
                got += block
    except TimeoutError:
        return got + b" HANGS"
    except OSError:
        return got + b" RESET"
    return got + b" GOES ON"


def honest_and_faulty(upstream, fault, place: str, number: int):
    repo = f"faulty/{number}"
    first = {"a.txt": b"older\n" * 9000}
    upstream.repo(repo).commit(first)
    files = {"a.txt": b"text\n" * 9000, "m.bin": Lfs(safetensors(number, 50_000))}
    upstream.repo(repo).commit(files)
    asked = targets(upstream, repo, place)
    honest = [ask(upstream, *target) for target in asked]
    assert all(one.startswith(b"HTTP/1.1 ") and one.endswith(b" END") for one in honest)
    planted = upstream.plant(fault, place, repo)
    faulty = [ask(upstream, *target) for target in asked]
    upstream.heal(planted)
    return honest, faulty, planted.hits


def test_every_fault_is_met(upstream):
    wanted = [(fault, fault.place_on(road)) for fault in FAULTS if fault.action
              for road in fault.roads]
    cells = sorted(set(wanted), key=str)
    assert len(cells) > 200

    def run(numbered):
        number, (fault, place) = numbered
        honest, faulty, hits = honest_and_faulty(upstream, fault, place, number)
        if hits == 0 or (honest == faulty and fault.name not in LATER):
            return f"{fault.name} at {place}: {hits} hits"
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        vain = [one for one in pool.map(run, enumerate(cells)) if one]
    assert vain == []
