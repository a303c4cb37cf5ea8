"""Answers of the API that are well-formed HTTP and say what is not so."""

import json

from . import actions
from .exchange import Exchange

HUGE_ROWS = 300_000


def rows(change):
    """`change(rows) -> rows` of a tree; other answers stay."""
    def changed(value):
        return change(value) if isinstance(value, list) else value
    return actions.as_json(changed)


def each_file(**fields):
    """Sets fields of every file's row; of its `lfs` too those that are there by that name."""
    def change(listed: list) -> list:
        for row in listed:
            if row.get("type") == "file":
                row |= {name: value for name, value in fields.items() if name in row}
                if "lfs" in row:
                    row["lfs"] |= {"size": fields["size"]} if "size" in fields else {}
                    row["lfs"] |= {"oid": fields["lfs_oid"]} if "lfs_oid" in fields else {}
        return listed
    return rows(change)


def sizes(change):
    """`change(size)` in every LFS file's row."""
    def changed(listed: list) -> list:
        for row in listed:
            if "lfs" in row:
                row["size"] = row["lfs"]["size"] = change(row["size"])
        return listed
    return rows(changed)


def another_row(path: str):
    """One more file, at an unsafe path."""
    def change(listed: list) -> list:
        return [*listed, {"type": "file", "oid": "0" * 39 + "1", "size": 3, "path": path}]
    return rows(change)


def info(**fields):
    """Sets fields of the repository's info; None takes one away."""
    def changed(value):
        if isinstance(value, dict) and "siblings" in value:
            value |= fields
            value = {name: kept for name, kept in value.items() if kept is not None}
        return value
    return actions.as_json(changed)


def twice(listed: list) -> list:
    return listed + listed


def file_under_file(listed: list) -> list:
    first = next(row for row in listed if row["type"] == "file")
    return [*listed, first | {"path": first["path"] + "/below.txt"}]


def huge(body: bytes) -> bytes:
    row = {"type": "file", "oid": "1" * 40, "size": 1, "path": "many/files/of/one/name.txt"}
    return b"[" + b",".join([json.dumps(row).encode()] * HUGE_ROWS) + b"]"


def deep(body: bytes) -> bytes:
    return b"[" * 200_000


def next_page(to: str):
    """A Link that leads to this very page, or away; {endpoint}, {foreign}, {target}."""
    def action(x: Exchange) -> bool:
        url = to.format(hub=x.server.endpoint, foreign=x.server.url("foreign"),
                        target=x.request.target)
        x.reply.headers["Link"] = f'<{url}>; rel="next"'
        return x.send()
    return action


def older_tree(x: Exchange) -> bool:
    """The tree of the commit before, under the revision that was asked for."""
    repo = x.server.repos[("models", x.entry.repo)]
    head = repo.heads["main"]
    if "/tree/" in x.request.path and head in repo.parents:
        listed = repo.tree(repo.parents[head])
        x.reply.body = json.dumps(listed).encode()
    return x.send()


def moving_branch(x: Exchange) -> bool:
    """The branch gets another commit between any two questions."""
    repo = x.server.repos[("models", x.entry.repo)]
    honest = x.send()
    with x.server.lock:
        number = len(repo.dates)
        if number < 20:
            repo.commit({f"moved/{number}.txt": b"%d\n" % number}, f"move {number}")
    return honest
