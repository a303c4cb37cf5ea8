"""The roads of bytes: resolve, resolve-cache, raw, and the CDN to which LFS files lead."""

import hashlib
import re
import urllib.parse

from .api import error, no_entry, no_revision
from .repos import Repo
from .wire import Reply, Request

SIGNATURE = "Signature=for-this-url-only"


def locate(repo: Repo, rest: list[str]):
    """(commit, row) of `revision/path...`, or the reply that says why not."""
    commit = repo.resolve(rest[0])
    if commit is None:
        return None, no_revision(rest[0])
    path = "/".join(rest[1:])
    for row in repo.tree(commit):
        if row["path"] == path and row["type"] == "file":
            return commit, row
    return None, no_entry(commit)


def resolve(server, request: Request, repo: Repo, rest: list[str]) -> Reply:
    """As the Hub: small files by a relative redirect to its cache, LFS files from elsewhere."""
    if repo.gated and not server.knows(request):
        status = 403 if request.token else 401
        text = f"Access to model {repo.name} is restricted and you are not in the authorized " \
               f"list. Visit {server.endpoint}/{repo.name} to ask for access."
        return error(status, "GatedRepo", text)
    commit, row = locate(repo, rest)
    if commit is None:
        return row
    headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes",
               "X-Linked-Size": str(row["size"]), "Vary": "Origin, Accept"}
    if "lfs" in row:
        return to_cdn(server, repo, row, headers)
    path = urllib.parse.quote("/".join(rest[1:]))
    query = urllib.parse.urlencode({"etag": f'"{row["oid"]}"'})
    to = f"/api/resolve-cache/{repo.kind}/{repo.name}/{commit}/{path}?{query}"
    headers |= {"Location": to, "ETag": f'"{row["oid"]}"', "Content-Type": "text/plain"}
    return Reply(307, headers, f"Temporary Redirect. Redirecting to {to}".encode())


def to_cdn(server, repo: Repo, row: dict, headers: dict) -> Reply:
    oid = row["lfs"]["oid"]
    headers |= {"Location": cdn_url(server, oid), "X-Linked-ETag": f'"{oid}"', "ETag": f'"{oid}"',
                "Content-Type": "text/plain"}
    if oid in repo.xet_hashes:
        at, xet = f"{server.endpoint}/api/{repo.kind}/{repo.name}", repo.xet_hashes[oid]
        commit = headers["X-Repo-Commit"]
        headers |= {"X-Xet-Hash": xet,
                    "Link": f'<{at}/xet-read-token/{commit}>; rel="xet-auth", '
                            f'<{server.endpoint}/v1/reconstructions/{xet}>; '
                            'rel="xet-reconstruction-info"'}
    return Reply(302, headers, f"Found. Redirecting to {headers['Location']}".encode())


def cdn_url(server, oid: str) -> str:
    return f"{server.cdn}/repos/aa/bb/{oid}?X-Amz-Expires=3600&{SIGNATURE}"


def resolve_cache(server, request: Request, repo: Repo, rest: list[str]) -> Reply:
    commit, row = locate(repo, rest)
    if commit is None:
        return row
    headers = {"X-Repo-Commit": commit, "ETag": f'"{row["oid"]}"',
               "Content-Type": "text/plain; charset=utf-8",
               "Content-Disposition": "inline; filename*=UTF-8''file; filename=\"file\";"}
    return ranged(request, headers, repo.content(row), row["oid"])


def raw(server, request: Request, repo: Repo, rest: list[str]) -> Reply:
    commit, row = locate(repo, rest)
    if commit is None:
        return row
    headers = {"X-Repo-Commit": commit, "ETag": f'"{row["oid"]}"'}
    return ranged(request, headers, repo.blobs[row["oid"]], row["oid"])


def cdn(server, request: Request) -> Reply:
    """Signed links need no token, and the real one refuses requests that bring two credentials."""
    oid = request.path.rsplit("/", 1)[1]
    if SIGNATURE not in request.target or "authorization" in request.headers:
        return Reply(403, {"Content-Type": "application/xml"}, b"<Error>AccessDenied</Error>")
    data = server.object(oid)
    if data is None:
        return Reply(404, {"Content-Type": "application/xml"}, b"<Error>NoSuchKey</Error>")
    headers = {"Content-Type": "binary/octet-stream",
               "ETag": f'"{hashlib.md5(oid.encode()).hexdigest()}-7"'}  # not the file's hash
    return ranged(request, headers, data, oid)


def ranged(request: Request, headers: dict, data: bytes, key: str) -> Reply:
    headers = {**headers, "Accept-Ranges": "bytes"}
    tag = request.headers.get("if-none-match")
    if tag is not None and tag == headers.get("ETag"):
        return Reply(304, headers)
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if not found or not data or found.groups() == ("", ""):
        return Reply(200, headers, data, key)
    first, last = found.groups()
    if first == "":
        begin, end = max(0, len(data) - int(last)), len(data)
    else:
        begin, end = int(first), min(int(last or len(data)) + 1, len(data))
    if begin >= end:
        return Reply(416, {**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
    return Reply(206, headers, data[begin:end], key, begin)
