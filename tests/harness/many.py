"""Makes what is many, quickly: files of one repository, its commits and branches, repositories."""

import http.client
import json
import urllib.parse

from hub import Hub

FILES_A_COMMIT = 10_000
# The hub ends a connection after 10,000 requests.
REQUESTS_A_LINK = 5000
NDJSON = "application/x-ndjson"


class Maker:
    """The admin's requests, one after the other over connections that are kept."""

    def __init__(self, hub: Hub):
        self.hub, self.link, self.sent = hub, None, 0
        self.head = {"Authorization": f"Bearer {hub.token}"}

    def request(self, method: str, target: str, body: bytes | None = None, kind: str = ""):
        """(headers, body) of an answer that must be a 2xx."""
        if self.link is None or self.sent == REQUESTS_A_LINK:
            self.link, self.sent = http.client.HTTPConnection(self.hub.address, timeout=300), 0
        self.sent += 1
        headers = self.head | ({"Content-Type": kind} if kind else {})
        self.link.request(method, target, body=body, headers=headers)
        reply = self.link.getresponse()
        text = reply.read()
        if not 200 <= reply.status < 300:
            raise RuntimeError(f"{method} {target}: {reply.status} {text[:500]}")
        return reply.headers, text

    def post(self, target: str, value) -> dict:
        _, text = self.request("POST", target, json.dumps(value).encode(), "application/json")
        return json.loads(text) if text.startswith(b"{") else {}

    def repo(self, name: str) -> str:
        url = self.post("/api/repos/create", {"name": name})["url"]
        return urllib.parse.urlsplit(url).path.removeprefix("/")

    def commit(self, repo: str, files: dict[str, str], title: str = "change") -> str:
        """Adds or replaces text files; the commit's id."""
        lines = [{"key": "header", "value": {"summary": title}}]
        lines += [{"key": "file", "value": {"path": path, "content": text, "encoding": "utf-8"}}
                  for path, text in files.items()]
        body = "\n".join(map(json.dumps, lines)).encode()
        _, text = self.request("POST", f"/api/models/{repo}/commit/main", body, NDJSON)
        return json.loads(text)["commitOid"]

    def files(self, repo: str, count: int, folder_files: int) -> list[str]:
        """`count` files, `folder_files` in each folder; their paths in order."""
        paths = [path_of(number, folder_files) for number in range(count)]
        for first in range(0, count, FILES_A_COMMIT):
            part = paths[first : first + FILES_A_COMMIT]
            self.commit(repo, {path: f"{path}\n" for path in part}, f"files from {first}")
        return paths

    def commits(self, repo: str, count: int) -> list[str]:
        """Commits that change one of fifty files each; their ids, oldest first."""
        return [self.commit(repo, {f"log/{number % 50:02}.txt": f"{number}\n"}, f"change {number}")
                for number in range(count)]

    def branches(self, repo: str, count: int) -> list[str]:
        names = [f"topic-{number:05}" for number in range(count)]
        for name in names:
            self.post(f"/api/models/{repo}/branch/{name}", {})
        return names


def path_of(number: int, folder_files: int) -> str:
    return f"d{number // folder_files:05}/f{number:06}.txt"
