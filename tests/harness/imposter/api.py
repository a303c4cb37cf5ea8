"""The Hub's API as the Hub answers it: info, tree, refs, commits, paths-info."""

import hashlib
import json
import time
import urllib.parse

from .repos import Repo
from .wire import Reply, Request

PAGE_ROWS = 1000


def as_json(value, status: int = 200, **headers) -> Reply:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, {"Content-Type": "application/json; charset=utf-8", **fields}, body)


def error(status: int, code: str, text: str, **headers) -> Reply:
    fields = {"X-Error-Message": text, **headers}
    if code:
        fields["X-Error-Code"] = code
    return as_json({"error": text}, status, **fields)


def no_repo(known_caller: bool) -> Reply:
    if known_caller:
        return error(404, "RepoNotFound", "Repository not found")
    return error(401, "RepoNotFound", "Invalid username or password.",
                 WWW_Authenticate='Bearer realm="Authentication required"')


def no_revision(revision: str) -> Reply:
    quoted = urllib.parse.quote(revision, safe="")
    return error(404, "RevisionNotFound", f"Invalid rev id: {quoted}")


def no_entry(commit: str) -> Reply:
    return error(404, "EntryNotFound", "Entry not found", X_Repo_Commit=commit)


def date_text(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def answer(server, request: Request, repo: Repo, rest: list[str]) -> Reply:
    """`rest`: the decoded segments after the repository's name."""
    what = rest[0] if rest else ""
    if what == "refs":
        return refs(repo)
    if what in ("", "revision", "tree", "commits", "paths-info"):
        revision = rest[1] if len(rest) > 1 else "main"
        commit = repo.resolve(revision)
        if commit is None:
            return no_revision(revision)
        if what == "tree":
            return tree(server, request, repo, commit, "/".join(rest[2:]))
        if what == "commits":
            return commits(server, request, repo, commit)
        if what == "paths-info":
            return paths_info(request, repo, commit)
        return info(request, repo, commit)
    return error(404, "", "Sorry, we can't find the page you are looking for.")


def info(request: Request, repo: Repo, commit: str) -> Reply:
    rows = [row for row in repo.tree(commit) if row["type"] == "file"]
    value = {
        "_id": hashlib.sha1(repo.name.encode()).hexdigest()[:24], "id": repo.name,
        "author": repo.name.split("/")[0], "sha": commit, "private": repo.private,
        "gated": "auto" if repo.gated else False, "disabled": False, "downloads": 7, "likes": 1,
        "lastModified": date_text(repo.dates[commit]), "createdAt": date_text(1_700_000_000),
        "tags": ["license:apache-2.0", "region:us"], "cardData": {"license": "apache-2.0"},
        "siblings": [sibling(row, request.query.get("blobs", "")) for row in rows],
        "usedStorage": sum(map(len, repo.lfs.values())),
    }
    if repo.kind == "models":
        value |= {"modelId": repo.name, "library_name": "transformers", "spaces": []}
    elif repo.kind == "spaces":
        value |= {"sdk": "static", "runtime": {"stage": "RUNNING", "hardware": {}}}
    reply = as_json(value)
    reply.headers["ETag"] = f'W/"{hashlib.sha1(reply.body).hexdigest()}"'
    if request.headers.get("if-none-match") == reply.headers["ETag"]:
        return Reply(304, {"ETag": reply.headers["ETag"]})
    return reply


def sibling(row: dict, blobs: str) -> dict:
    if blobs.lower() not in ("1", "true"):
        return {"rfilename": row["path"]}
    out = {"rfilename": row["path"], "size": row["size"], "blobId": row["oid"]}
    if "lfs" in row:
        lfs = row["lfs"]
        out["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"],
                      "pointerSize": lfs["pointerSize"]}
    return out


def tree(server, request: Request, repo: Repo, commit: str, folder: str) -> Reply:
    rows = repo.tree(commit)
    if folder:
        rows = [row for row in rows if row["path"].startswith(folder + "/")]
        if not rows:
            return no_entry(commit)
    if request.query.get("recursive", "").lower() not in ("1", "true"):
        depth = folder.count("/") + 1 if folder else 0
        rows = [row for row in rows if row["path"].count("/") == depth]
    return paged(server, request, rows, server.page_rows)


def paged(server, request: Request, rows: list, size: int) -> Reply:
    """One page; `Link` leads to the next with all parameters of this one."""
    size = min(int(request.query.get("limit", size)), size)
    first = int(request.query.get("cursor", 0))
    reply = as_json(rows[first : first + size])
    if first + size < len(rows):
        query = urllib.parse.urlencode(request.query | {"cursor": str(first + size)})
        reply.headers["Link"] = f'<{server.endpoint}{request.path}?{query}>; rel="next"'
    return reply


def refs(repo: Repo) -> Reply:
    def listed(kind: str, names: dict) -> list[dict]:
        return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}
                for name, commit in sorted(names.items())]

    return as_json({"branches": listed("heads", repo.heads), "converts": [],
                    "tags": listed("tags", repo.tags)})


def commits(server, request: Request, repo: Repo, commit: str) -> Reply:
    history = repo.history(commit)
    rows = [{"id": one, "title": repo.messages[one].split("\n")[0], "message": "",
             "authors": [{"user": "person"}], "date": date_text(repo.dates[one])}
            for one in history]
    size = int(request.query.get("limit", 50))
    first = int(request.query.get("p", 0)) * size
    reply = as_json(rows[first : first + size], X_Total_Count=str(len(rows)))
    if first + size < len(rows):
        page = {"p": str(int(request.query.get("p", 0)) + 1), "limit": str(size)}
        query = urllib.parse.urlencode(request.query | page)
        reply.headers["Link"] = f'<{server.endpoint}{request.path}?{query}>; rel="next"'
    return reply


def paths_info(request: Request, repo: Repo, commit: str) -> Reply:
    if request.headers.get("content-type", "").startswith("application/json"):
        paths = json.loads(request.body)["paths"]
    else:
        paths = urllib.parse.parse_qs(request.body.decode()).get("paths", [])
    wanted = {path.strip("/") for path in ([paths] if isinstance(paths, str) else paths)}
    return as_json([row for row in repo.tree(commit) if row["path"] in wanted])
