"""A real hub behind the imposter's wire: for the roads that only a real hub speaks, such as Xet."""

import http.client

from .server import Imposter
from .wire import Reply, Request

CALL_S = 60
NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "expect"}
NOT_RETURNED = {"connection", "transfer-encoding", "content-length", "date"}


class Relay(Imposter):
    """Forwards every request to `address`; what the real hub names itself by is the relay's, as it
    goes by `Host`. Places: "token", "plan", "xorb" for the steps of Xet, "plain" for a file's
    bytes without it; "refs", "objects" for those of a history by raw objects, "git" for one by
    git; else "relay"."""

    def __init__(self, folder, address: str):
        super().__init__(folder)
        self.target = address

    def lead_to(self, address: str) -> None:
        """The real hub's address after a restart."""
        self.target = address

    def route(self, request: Request):
        path = request.path
        place = "relay"
        if "/xet-read-token/" in path:
            place = "token"
        elif path.startswith("/xet/"):
            place = "xorb" if "/data/" in path else "plan"
        elif request.method == "GET" and "/resolve/" in path:
            place = "plain"
        elif path.startswith("/api/waag/v1/repos/"):
            place = path.rpartition("/git/")[2]
        elif path.endswith(("/info/refs", "/git-upload-pack")):
            place = "git"
        key = path if place in ("xorb", "objects", "git") else ""
        return place, "", lambda: self._forward(request, key)

    def _forward(self, request: Request, key: str) -> Reply:
        kept = {name: value for name, value in request.headers.items()
                if name not in NOT_FORWARDED}
        link = http.client.HTTPConnection(self.target, timeout=CALL_S)
        try:
            link.request(request.method, request.target, body=request.body or None, headers=kept)
            reply = link.getresponse()
            body = reply.read()
        except (OSError, http.client.HTTPException):
            return Reply(502, {}, b"the real hub is away")
        finally:
            link.close()
        fields = {name: value for name, value in reply.headers.items()
                  if name.lower() not in NOT_RETURNED}
        if request.method == "HEAD":
            fields["Content-Length"] = reply.headers.get("Content-Length")
        return Reply(reply.status, fields, body, key or "relay")
