"""The imposter's listeners, threads and routes."""

import http.client
import pathlib
import socket
import ssl
import threading
import time
import urllib.parse

from certificate import Certificate, make

from . import api, files, git
from .exchange import Exchange, Planted
from .ledger import Ledger
from .repos import Repo
from .weather import Weather
from .wire import Gone, Link, Reply, Request

BACKLOG = 512
JOIN_S = 5
PREFIXES = {"datasets": "datasets", "spaces": "spaces"}
PORTS = ("hub", "cdn", "foreign")
FOREIGN = "127.0.0.2"  # loopback too, but not the host that the hub was told of


class Imposter:
    """An upstream hub on three ports: the hub, its CDN, and a foreign host that must not be asked
    with a token. `with Imposter(folder) as upstream: upstream.repo("acme/one").commit({...})`.
    Files come by TLS, as no client should follow a redirect out of it; with a `certificate` of its
    own the hub speaks TLS too. `authority`: a certificate for the files alone, if not a new one.
    `host`: its own address, on which hub and CDN listen.
    """

    def __init__(self, folder, certificate: Certificate | None = None,
                 authority: Certificate | None = None, host: str = "127.0.0.1"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.secured = PORTS if certificate else PORTS[1:]
        given = certificate or authority
        self.certificate = given or make(self.folder, addresses=(host, FOREIGN))
        self.ledger = Ledger()
        self.repos: dict[tuple[str, str], Repo] = {}
        self.owners: dict[str, Repo] = {}
        self.planted: list[Planted] = []
        self.tokens: set[str] = set()
        self.page_rows = api.PAGE_ROWS
        self.rate_headers: dict[str, str] = {}
        self.bytes_per_s = 0  # 0: as fast as it goes
        self.next_free = 0.0
        self.delay_s = 0.0  # before each answer
        self.weather: Weather | None = None  # of the links to it
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate.chain, self.certificate.key)
        self.lock = threading.Lock()
        self.links: set[Link] = set()
        self.listeners: dict[str, socket.socket] = {}
        self.fillers: list[socket.socket] = []
        self.mode = ""
        for port in PORTS:
            at = FOREIGN if port == "foreign" else host
            self.listeners[port] = socket.create_server((at, 0), backlog=BACKLOG)
        self.addresses = {port: one.getsockname() for port, one in self.listeners.items()}

    def __enter__(self):
        for port, listener in self.listeners.items():
            self._start(port, listener)
        return self

    def __exit__(self, *_):
        self.set_mode("refuse")

    def url(self, port: str) -> str:
        host, number = self.addresses[port]
        return f"{'https' if port in self.secured else 'http'}://{host}:{number}"

    def connect(self, port: str, timeout: float) -> http.client.HTTPConnection:
        """For those who ask it directly."""
        if port not in self.secured:
            return http.client.HTTPConnection(*self.addresses[port], timeout=timeout)
        context = self.certificate.context()
        return http.client.HTTPSConnection(*self.addresses[port], timeout=timeout, context=context)

    @property
    def endpoint(self) -> str:
        return self.url("hub")

    @property
    def cdn(self) -> str:
        return self.url("cdn")

    def repo(self, name: str, kind: str = "models") -> Repo:
        """The repository of that name; a new one if there is none."""
        with self.lock:
            if (kind, name) not in self.repos:
                folder = self.folder / f"{kind}-{name.replace('/', '--')}.git"
                self.repos[kind, name] = Repo(folder, kind, name)
            return self.repos[kind, name]

    def object(self, oid: str) -> bytes | None:
        owner = self.owner(oid)
        return owner.lfs[oid] if owner else None

    def owner(self, oid: str) -> Repo | None:
        """The repository that holds an LFS object."""
        with self.lock:
            if oid not in self.owners:
                for repo in self.repos.values():
                    self.owners |= dict.fromkeys(list(repo.lfs), repo)
            return self.owners.get(oid)

    def knows(self, request: Request) -> bool:
        return request.token in self.tokens

    def plant(self, fault, place: str, repo: str = "") -> Planted:
        """From now on requests of `place` for `repo` (any, if "") meet the fault."""
        planted = Planted(fault, place, repo)
        with self.lock:
            self.planted.append(planted)
        return planted

    def heal(self, planted: Planted | None = None) -> None:
        """Takes out one fault, or all of them."""
        with self.lock:
            self.planted = [one for one in self.planted if planted and one is not planted]

    # --- connections

    def set_mode(self, mode: str) -> None:
        """How connections are taken: "" well; "refuse"; "hang": the handshake never ends;
        "reset" and "close" at once after it. Those that are open are closed."""
        self._close_all()
        self.mode = mode
        if mode == "refuse":
            return
        for port, address in self.addresses.items():
            backlog = 0 if mode == "hang" else BACKLOG
            self.listeners[port] = socket.create_server(address, backlog=backlog)
            if mode == "hang":
                self._fill(address)
            else:
                self._start(port, self.listeners[port])

    def _close_all(self) -> None:
        for listener in self.listeners.values():
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed by an earlier mode
            listener.close()
        with self.lock:
            links, self.links = self.links, set()
        for link in links:
            link.close()
        for filler in self.fillers:
            filler.close()
        self.fillers = []

    def _fill(self, address) -> None:
        """A full backlog: the kernel answers no further handshake."""
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            self.fillers.append(filler)

    def _start(self, port: str, listener: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(port, listener), daemon=True).start()

    def _accept(self, port: str, listener: socket.socket) -> None:
        while True:
            try:
                accepted, _ = listener.accept()
                link = Link(accepted, port)
            except OSError:
                return  # closed
            if self.mode in ("reset", "close"):
                link.reset() if self.mode == "reset" else link.close()
                continue
            with self.lock:
                self.links.add(link)
            if self.weather is not None:
                link.fate = self.weather.draw()
                if link.fate.kind == "silent":
                    continue  # taken by the kernel, and never heard of again
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: Link) -> None:
        try:
            if link.port in self.secured:
                link.socket = self.tls.wrap_socket(link.socket, server_side=True)
            while request := link.read_request():
                if not self._answer(link, request):
                    break
        except (Gone, OSError, ValueError):
            pass  # the client went away, or its request was none
        finally:
            with self.lock:
                self.links.discard(link)
            link.close()

    # --- requests

    def _answer(self, link: Link, request: Request) -> bool:
        """Whether the connection can carry another request."""
        entry = self.ledger.note(request)
        entry.place, entry.repo, handler = self.route(request)
        exchange = Exchange(self, link, request, handler(), entry)
        planted = self._fault_for(entry, request)
        time.sleep(self.delay_s)
        if planted is None:
            exchange.send()
            return request.headers.get("connection", "").lower() != "close"
        planted.hits += 1
        entry.fault = planted.fault.name
        return planted.fault.action(exchange) is True

    def _fault_for(self, entry, request: Request) -> Planted | None:
        with self.lock:
            for planted in self.planted:
                if planted.meets(entry, request):
                    planted.met += 1
                    return planted
        return None

    def route(self, request: Request):
        """(place, name of the repository, what makes the reply)."""
        parts = [urllib.parse.unquote(part) for part in request.path.split("/")[1:]]
        if request.port != "hub":
            owner = self.owner(parts[-1])
            return request.port, owner.name if owner else "", lambda: files.cdn(self, request)
        if parts[:2] == ["api", "resolve-cache"] and len(parts) > 5:
            kind, name, rest = parts[2], "/".join(parts[3:5]), parts[5:]
            return self._on_repo(request, "resolve", kind, name, rest, files.resolve_cache)
        if parts[0] == "api" and len(parts) > 3:
            kind, name, rest = parts[1], "/".join(parts[2:4]), parts[4:]
            return self._on_repo(request, "api", kind, name, rest, api.answer)
        kind = PREFIXES.get(parts[0], "models")
        parts = parts[1:] if parts[0] in PREFIXES else parts
        name, rest = "/".join(parts[:2]).removesuffix(".git"), parts[2:]
        if rest[:1] in (["resolve"], ["raw"]) and len(rest) > 2:
            handler = files.resolve if rest[0] == "resolve" else files.raw
            return self._on_repo(request, "resolve", kind, name, rest[1:], handler)
        return self._on_repo(request, "git", kind, name, rest, git.answer)

    def _on_repo(self, request: Request, place: str, kind: str, name: str, rest: list, handler):
        def reply() -> Reply:
            repo = self.repos.get((kind, name))
            if repo is None or (repo.private and not self.knows(request)):
                made = api.no_repo(self.knows(request))
            else:
                made = handler(self, request, repo, rest)
            made.headers |= self.rate_headers
            return made

        return place, name, reply

    def pace(self, count: int) -> None:
        """Waits as long as a link of `bytes_per_s`, which all connections share, would take."""
        if not self.bytes_per_s:
            return
        with self.lock:
            now = time.monotonic()
            self.next_free = max(now, self.next_free) + count / self.bytes_per_s
            wait = self.next_free - now
        time.sleep(wait)
