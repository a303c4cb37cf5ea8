"""Every fault of the matrix as data: its name, the roads it lies on, how often, what is expected.

Roads: metadata and listing (the API; with git closed in the second), small (a regular file by
resolve), lfs and range (by the CDN, whole and in part), git, told (LFS bytes after the API lied).
"""

import dataclasses
import gzip
import zlib
from collections.abc import Callable

from . import actions, lies
from .wire import Request

API = ("metadata", "listing")
BYTES = ("small", "lfs", "range")
RANGES = ("lfs", "range")
ALL = (*API, *BYTES, "git")
# Where the fault of a road is planted; a redirect's stands before the CDN.
PLACES = {"metadata": "api", "listing": "api", "told": "api", "small": "resolve", "lfs": "cdn",
          "range": "cdn", "git": "git", "xet": "xet"}


@dataclasses.dataclass(frozen=True)
class Fault:
    """`times`: 0 always, else the first so many requests. `expect`: "safe" the exact answer, a
    gateway error or a cut; "heals": the exact answer, as one retry gets it. `also`: statuses which
    the API's roads may answer besides, as the upstream's word counts there.
    """

    name: str
    action: Callable | None
    roads: tuple[str, ...] = ALL
    times: int = 0
    expect: str = "safe"
    wants: str = "any"  # "any" | "body": not HEAD and no redirect | "range": asks for one
    place: str = ""  # instead of the CDN, on the roads that lead there
    mode: str = ""  # how the imposter takes connections, instead of an action
    also: tuple[int, ...] = ()
    unseen: tuple[str, ...] = ()  # roads where nobody can see it before the whole file is here

    def place_on(self, road: str) -> str:
        return self.place if self.place and PLACES[road] == "cdn" else PLACES[road]

    def wanted(self, request: Request) -> bool:
        if self.wants == "any":
            return True
        if request.method == "HEAD" or "/resolve/" in request.path:
            return False
        return self.wants == "body" or "range" in request.headers


def body(name: str, action, **fields) -> Fault:
    return Fault(name, action, wants="body", **fields)


def once(fault: Fault) -> Fault:
    """The same fault, but the next try is answered well. Histories are not tried again at once:
    they come in the background."""
    roads = tuple(road for road in fault.roads if road != "git")
    return dataclasses.replace(fault, name=fault.name + "-once", times=1, expect="heals",
                               roads=roads)


MODES = [Fault(f"connect-{mode}", None, mode=mode) for mode in ("refuse", "hang", "reset", "close")]

HEADS = [
    Fault("headers-hang", actions.no_answer),
    Fault("status-line-hang", actions.text(b"HTTP/1.1 20", "hang")),
    Fault("reset-before-headers", actions.text(b"", "reset")),
    Fault("close-before-headers", actions.text(b"")),
    Fault("reset-in-headers", actions.part_of_head(0.5, "reset")),
    Fault("close-in-headers", actions.part_of_head(0.5, "close")),
    Fault("hang-in-headers", actions.part_of_head(0.5, "hang")),
    Fault("not-http", actions.text(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")),
    Fault("no-status-line", actions.text(b"<html>hello</html>")),
    Fault("status-of-four-digits", actions.text(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")),
    Fault("header-of-64-kib", actions.more_headers("X-Long", "z" * 65536)),
    Fault("header-of-1-mib", actions.more_headers("X-Long", "z" * (1 << 20))),
    Fault("10000-headers", actions.more_headers("X-Many", "1", 10_000)),
    Fault("endless-headers", actions.endless_headers),
    Fault("1000-interim-replies", actions.before_head(b"HTTP/1.1 100 Continue\r\n\r\n", 1000)),
    Fault("garbage-before-status", actions.before_head(b"\r\n\0\0garbage\r\n")),
    Fault("two-lengths", actions.more_headers("Content-Length: 7\r\nX-Pad", "1")),
]

BODIES = [
    body("body-hang-at-0", actions.stop(0, "hang")),
    body("body-hang-at-half", actions.stop(0.5, "hang")),
    body("body-hang-at-end", actions.stop(1, "hang", 1)),
    body("reset-at-0", actions.stop(0, "reset")),
    body("reset-at-half", actions.stop(0.5, "reset")),
    body("reset-at-99.9-percent", actions.stop(0.999, "reset", 1)),
    body("close-at-0", actions.stop(0, "close")),
    body("close-at-half", actions.stop(0.5, "close")),
    body("close-at-99.9-percent", actions.stop(0.999, "close", 1)),
    body("length-too-small", actions.length(0.5)),
    body("length-too-large", actions.length(1.5)),
    body("length-too-large-hang", actions.length(1.5, "hang")),
    body("more-than-length", actions.longer(b"x" * 5000, declared=False)),
    body("length-of-a-terabyte", actions.headers(Content_Length=str(1 << 40))),
    body("length-overflows", actions.headers(Content_Length="99999999999999999999999")),
    body("length-negative", actions.headers(Content_Length="-5")),
    body("no-length-cut", actions.without_length(0.5)),
    body("chunked-cut", actions.chunked(0.5, b"")),
    body("chunked-bad-size", actions.chunked(0.5, b"zzz\r\n")),
    body("chunked-huge-size", actions.chunked(0.5, b"ffffffffffffffffff\r\n")),
    body("chunked-ends-early", actions.chunked(0.5, b"0\r\n\r\n")),
    body("chunked-endless", actions.chunked(1, b"0\r\n\r\n", endless=True)),
    body("slow-drip", actions.drip(0.1)),
]

WRONG = {"roads": BYTES, "unseen": ("range",)}
CONTENTS = [
    body("first-byte-wrong", actions.flip(0), **WRONG),
    body("middle-byte-wrong", actions.flip(0.5), **WRONG),
    body("last-byte-wrong", actions.flip(1), **WRONG),
    body("zeros", actions.other_body(lambda data: bytes(len(data))), **WRONG),
    body("reversed", actions.other_body(lambda data: data[::-1]), **WRONG),
    body("one-byte-short", actions.other_body(lambda data: data[:-1])),
    body("half-of-it", actions.other_body(lambda data: data[: len(data) // 2])),
    body("one-byte-more", actions.longer(b"x", declared=True)),
    body("twice-the-body", actions.other_body(lambda data: data + data)),
    body("empty", actions.other_body(lambda data: b"")),
    body("login-page", actions.page()),
    body("error-as-200", actions.page(b'{"error":"try later"}', "application/json")),
    body("gzip-not-asked", actions.encoded("gzip", gzip.compress)),
    body("gzip-damaged", actions.encoded("gzip", lambda data: gzip.compress(data)[:-9])),
    body("gzip-in-name-only", actions.encoded("gzip", lambda data: data)),
    body("gzip-bomb", actions.encoded("gzip", actions.bomb)),
    body("deflate-not-asked", actions.encoded("deflate", zlib.compress)),
    body("unknown-encoding", actions.encoded("zz", lambda data: data)),
]

RANGE_ANSWERS = [
    Fault("200-for-a-range", actions.whole, RANGES, wants="range"),
    Fault("range-start-wrong", actions.content_range("bytes {next}-{last}/{size}"), RANGES,
          wants="range"),
    Fault("range-total-lies", actions.content_range("bytes {first}-{last}/{more}"), RANGES,
          wants="range"),
    Fault("range-unreadable", actions.content_range("bytes what"), RANGES, wants="range"),
    Fault("range-not-named", actions.headers(Content_Range=None), RANGES, wants="range"),
    Fault("range-half", actions.short_range, RANGES, wants="range"),
    Fault("range-of-elsewhere", actions.shifted_range, RANGES, wants="range", unseen=("range",)),
    Fault("multipart-ranges", actions.headers(Content_Type="multipart/byteranges; boundary=q"),
          RANGES, wants="range"),
    Fault("416-for-a-range", actions.status(416, Content_Range="bytes */5"), RANGES, wants="range"),
]

MISSING = (401, 404)
STATUSES = [
    Fault("204", actions.status(204)),
    Fault("206-unasked", actions.status(206, Content_Range="bytes 0-15/16")),
    Fault("304-without-cache", actions.status(304)),
    Fault("400", actions.status(400), also=(404,)),
    Fault("401", actions.status(401), also=MISSING),
    Fault("403", actions.status(403), also=(401, 403, 404)),
    Fault("404", actions.status(404), also=MISSING),
    Fault("410", actions.status(410), also=(401, 404, 410)),
    *[Fault(str(code), actions.status(code)) for code in (408, 416, 425, 429, 500, 502, 503, 504)],
    Fault("451", actions.status(451), also=(401, 403, 404, 451)),
    Fault("599", actions.status(599)),
    Fault("429-retry-after-1", actions.status(429, Retry_After="1")),
    Fault("429-retry-after-date",
          actions.status(429, Retry_After=actions.seconds_from_now(1))),
    Fault("429-rate-limit", actions.status(429, RateLimit='"api";r=0;t=1')),
    Fault("429-retry-after-nonsense", actions.status(429, Retry_After="soon")),
    Fault("503-retry-after-1", actions.status(503, Retry_After="1")),
    Fault("503-retry-after-an-hour", actions.status(503, Retry_After="3600")),
    Fault("429-retry-after-a-year", actions.status(429, Retry_After="31536000")),
]

AT_RESOLVE = {"roads": ("metadata", "small", "lfs", "git"), "place": "resolve"}
REDIRECTS = [
    Fault("redirect-loop", actions.redirect("{target}"), **AT_RESOLVE),
    Fault("redirects-21", actions.redirects(21), **AT_RESOLVE),
    Fault("redirects-2", actions.redirects(2), **AT_RESOLVE),
    Fault("redirect-to-foreign-host", actions.redirect("{foreign}{target}"), **AT_RESOLVE),
    Fault("redirect-to-metadata-address",
          actions.redirect("http://169.254.169.254/latest/meta-data/"), **AT_RESOLVE),
    Fault("redirect-to-a-file", actions.redirect("file:///etc/hostname"), **AT_RESOLVE),
    Fault("redirect-to-gopher", actions.redirect("gopher://127.0.0.1:1/x"), **AT_RESOLVE),
    Fault("redirect-with-credentials", actions.redirect("http://a:b@127.0.0.2:1{target}"),
          **AT_RESOLVE),
    Fault("redirect-in-decimal", actions.redirect("http://2130706434:1/"), **AT_RESOLVE),
    Fault("redirect-to-closed-port", actions.redirect("http://127.0.0.1:1{target}"), **AT_RESOLVE),
    Fault("redirect-without-place", actions.status(302), **AT_RESOLVE),
    Fault("redirect-300", actions.redirect("{target}", 300), **AT_RESOLVE),
]

TOLD = (*API, "told")
LIES = [
    body("json-broken", actions.other_body(lambda data: data.replace(b":", b";", 3)), roads=API),
    body("json-truncated", actions.other_body(lambda data: data[: len(data) * 2 // 3]), roads=API),
    body("json-of-another-kind", actions.page(b'"text"', "application/json"), roads=API),
    body("json-null", actions.page(b"null", "application/json"), roads=API),
    body("json-deep", actions.other_body(lies.deep), roads=API),
    body("json-huge", actions.other_body(lies.huge), roads=API),
    body("json-not-utf-8", actions.other_body(lambda data: data.replace(b"a", b"\xff")), roads=API),
    body("info-without-sha", lies.info(sha=None), roads=API),
    body("info-with-bad-sha", lies.info(sha="../../etc"), roads=API),
    body("info-with-short-sha", lies.info(sha="abc123"), roads=API),
    body("tree-path-goes-up", lies.another_row("../../up.txt"), roads=TOLD),
    body("tree-path-absolute", lies.another_row("/etc/passwd"), roads=TOLD),
    body("tree-path-in-git", lies.another_row(".git/config"), roads=TOLD),
    body("tree-path-empty", lies.another_row(""), roads=TOLD),
    body("tree-path-with-zero", lies.another_row("a\0b"), roads=TOLD),
    body("tree-path-of-1-mib", lies.another_row("n" * (1 << 20)), roads=TOLD),
    body("tree-rows-twice", lies.rows(lies.twice), roads=TOLD),
    body("tree-file-under-file", lies.rows(lies.file_under_file), roads=TOLD),
    body("tree-oid-bad", lies.each_file(oid="nonsense"), roads=TOLD),
    body("tree-size-negative", lies.each_file(size=-1), roads=TOLD),
    body("tree-size-too-small", lies.sizes(lambda size: size // 2), roads=("told",)),
    body("tree-size-too-large", lies.sizes(lambda size: size + 4096), roads=("told",)),
    body("tree-size-of-an-exabyte", lies.sizes(lambda size: 1 << 60), roads=("told",)),
    body("tree-oid-of-other-bytes", lies.each_file(oid="1" * 40), roads=("told",)),
    body("tree-lfs-oid-of-other-bytes", lies.each_file(lfs_oid="1" * 64), roads=("told",)),
    body("tree-lfs-oid-bad", lies.each_file(lfs_oid="x"), roads=("told",)),
    body("tree-page-leads-to-itself", lies.next_page("{hub}{target}"), roads=API),
    body("tree-page-leads-away", lies.next_page("{foreign}{target}"), roads=API),
    body("branch-moves-all-the-time", lies.moving_branch, roads=("told",)),
]

GIT = [
    body(name, action, roads=("git",)) for name, action in (
        ("git-error-line", actions.page(b"0014ERR no such repo", "application/x-git")),
        ("git-flush-only", actions.page(b"0000", "application/x-git")),
        ("git-bad-length", actions.page(b"zzzz", "application/x-git")),
        ("git-long-length", actions.page(b"ffff" + b"x" * 100, "application/x-git")),
        ("git-first-byte-wrong", actions.flip(0)),
        ("git-middle-byte-wrong", actions.flip(0.5)),
        ("git-last-bytes-wrong", actions.flip(0.97)),
        ("git-garbage", actions.other_body(lambda data: b"\xff" * len(data))),
    )
]

HEALING = {"reset-before-headers", "close-before-headers", "reset-in-headers", "headers-hang",
           "body-hang-at-0", "body-hang-at-half", "reset-at-0", "reset-at-half", "close-at-half",
           "reset-at-99.9-percent", "500", "502", "503", "504", "429-retry-after-1",
           "503-retry-after-1"}

FAULTS = [*MODES, *HEADS, *BODIES, *CONTENTS, *RANGE_ANSWERS, *STATUSES, *REDIRECTS, *LIES, *GIT]
FAULTS += [once(fault) for fault in FAULTS if fault.name in HEALING]
