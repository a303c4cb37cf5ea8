"""Git's smart HTTP, answered by git itself, and the LFS batch."""

import json
import os
import subprocess

from .api import error
from .files import cdn_url
from .repos import Repo
from .wire import Reply, Request

CALL_S = 60
BASIC = {"WWW-Authenticate": 'Basic realm="Authentication required"'}
LFS_TYPE = "application/vnd.git-lfs+json"


def upload_pack(repo: Repo, request: Request, *options: str) -> bytes:
    environment = dict(os.environ)
    if "git-protocol" in request.headers:
        environment["GIT_PROTOCOL"] = request.headers["git-protocol"]
    command = ["git", "upload-pack", "--stateless-rpc", *options, str(repo.folder)]
    done = subprocess.run(command, input=request.body, env=environment, capture_output=True,
                          timeout=CALL_S)
    return done.stdout


def answer(server, request: Request, repo: Repo, rest: list[str]) -> Reply:
    if rest[:2] == ["info", "lfs"]:
        return batch(server, request, repo)
    if not repo.git_open:
        return error(403, "", "Git is closed here", **BASIC)
    fresh = {"Cache-Control": "no-cache"}
    if rest == ["info", "refs"]:
        if request.query.get("service") != "git-upload-pack":
            return error(403, "", "Only fetches by the smart protocol", **BASIC)
        body = upload_pack(repo, request, "--advertise-refs")
        if request.headers.get("git-protocol") != "version=2":
            body = b"001e# service=git-upload-pack\n0000" + body
        fresh["Content-Type"] = "application/x-git-upload-pack-advertisement"
        return Reply(200, fresh, body)
    if rest == ["git-upload-pack"] and request.method == "POST":
        body = upload_pack(repo, request)
        fresh["Content-Type"] = "application/x-git-upload-pack-result"
        # Without a length, as from a server that packs while it sends.
        return Reply(200, {**fresh, "Transfer-Encoding": "chunked"}, body, f"git {repo.name}")
    return error(404, "", "Not found")


def batch(server, request: Request, repo: Repo) -> Reply:
    objects = [one_object(server, repo, item) for item in json.loads(request.body)["objects"]]
    body = json.dumps({"transfer": "basic", "objects": objects}).encode()
    return Reply(200, {"Content-Type": LFS_TYPE}, body)


def one_object(server, repo: Repo, item: dict) -> dict:
    out = {"oid": item["oid"], "size": item["size"]}
    if item["oid"] not in repo.lfs:
        return out | {"error": {"code": 404, "message": "Object does not exist"}}
    href = {"href": cdn_url(server, item["oid"]), "expires_in": 3600}
    return out | {"authenticated": True, "actions": {"download": href}}
