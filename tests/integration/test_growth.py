"""Answers stay whole when there is much: every page, nothing twice. Times: bench/growth.py."""

import json
import re

import pytest
from many import Maker, path_of

FILES, FOLDER_FILES, COMMITS, BRANCHES, REPOS = 10_000, 400, 1_000, 150, 250


@pytest.fixture(scope="module")
def maker(hub):
    return Maker(hub)


@pytest.fixture(scope="module")
def files(maker):
    """(repo, paths): folders of 400 files and one of 3,000."""
    repo = maker.repo("many-files")
    paths = maker.files(repo, FILES, FOLDER_FILES)
    flat = [f"flat/{number:05}" for number in range(3000)]
    maker.commit(repo, {path: "flat\n" for path in flat})
    return repo, paths + flat


@pytest.fixture(scope="module")
def revisions(maker):
    """(repo, ids oldest first, branches)"""
    repo = maker.repo("many-commits")
    ids = maker.commits(repo, COMMITS)
    return repo, ids, maker.branches(repo, BRANCHES)


def pages(maker, target):
    """All items behind `target`, page by page."""
    items, count = [], 0
    while target:
        headers, text = maker.request("GET", target)
        page = json.loads(text)
        assert page, "an empty page"
        items += page
        count += 1
        found = re.search(r'<([^>]+)>; *rel="next"', headers["Link"] or "")
        target = found and found.group(1).removeprefix(maker.hub.endpoint)
    return items, count


@pytest.mark.parametrize("limit", [997, 10_000])
def test_whole_tree_by_pages(maker, files, limit):
    repo, paths = files
    url = f"/api/models/{repo}/tree/main?recursive=true&limit={limit}"
    rows, count = pages(maker, url)
    assert count == -(-len(rows) // limit)
    found = [row["path"] for row in rows]
    assert len(set(found)) == len(found)
    assert {row["path"] for row in rows if row["type"] == "file"} == {*paths, ".gitattributes"}
    sizes = {row["path"]: row["size"] for row in rows}
    assert all(sizes[path] == (5 if path.startswith("flat/") else len(path) + 1) for path in paths)
    _, text = maker.request("GET", f"/api/models/{repo}/tree/main?recursive=true")
    assert [row["path"] for row in json.loads(text)] == found  # unasked: one page


def test_one_large_folder(maker, files):
    repo, _ = files
    names = [f"flat/{number:05}" for number in range(3000)]
    rows, count = pages(maker, f"/api/models/{repo}/tree/main/flat?limit=1000")
    assert ([row["path"] for row in rows], count) == (names, 3)
    expanded, count = pages(maker, f"/api/models/{repo}/tree/main/flat?expand=true")
    assert ([row["path"] for row in expanded], count) == (names, 3)
    assert len({row["lastCommit"]["id"] for row in expanded}) == 1


def test_info_names_every_file(maker, files):
    repo, paths = files
    info = json.loads(maker.request("GET", f"/api/models/{repo}")[1])
    assert {row["rfilename"] for row in info["siblings"]} == {*paths, ".gitattributes"}


def test_one_file_among_many_changes(maker, files):
    repo, _ = files
    path = path_of(FILES // 2, FOLDER_FILES)
    before = json.loads(maker.request("GET", f"/api/models/{repo}")[1])
    for changed, text in ((path, "changed\n"), ("flat/01500", "flat and long\n")):
        commit = maker.commit(repo, {changed: text}, f"change of {changed}")
        assert maker.request("GET", f"/{repo}/resolve/main/{changed}")[1] == text.encode()
        asked = {"paths": [changed, "flat/00000"], "expand": True}
        rows = json.loads(maker.request(
            "POST", f"/api/models/{repo}/paths-info/main", json.dumps(asked).encode(),
            "application/json")[1])
        assert rows[0]["lastCommit"]["id"] == commit and rows[0]["size"] == len(text)
        assert rows[1]["lastCommit"]["id"] != commit
    old = maker.request("GET", f"/{repo}/resolve/{before['sha']}/{path}")[1]
    assert old == f"{path}\n".encode()
    after = json.loads(maker.request("GET", f"/api/models/{repo}")[1])
    assert after["siblings"] == before["siblings"]


@pytest.mark.parametrize("limit", [50, 333])
def test_all_commits_by_pages(maker, revisions, limit):
    repo, ids, _ = revisions
    url = f"/api/models/{repo}/commits/main?limit={limit}"
    rows, _ = pages(maker, url)
    assert [row["id"] for row in rows][: len(ids)] == ids[::-1]
    assert len(rows) == COMMITS + 1
    headers, text = maker.request("GET", url + f"&p={COMMITS // limit}")  # the last, at once
    assert int(headers["X-Total-Count"]) == COMMITS + 1
    assert json.loads(text)[-1]["title"] == "initial commit"


def test_old_commits_and_branches(maker, revisions):
    repo, ids, branches = revisions
    for number in (0, 1, COMMITS // 2, COMMITS - 1):
        for revision in (ids[number], ids[number][:12]):
            target = f"/{repo}/resolve/{revision}/log/{number % 50:02}.txt"
            assert maker.request("GET", target)[1] == f"{number}\n".encode()
    refs = json.loads(maker.request("GET", f"/api/models/{repo}/refs")[1])
    assert {row["name"] for row in refs["branches"]} == {"main", *branches}
    assert {row["targetCommit"] for row in refs["branches"]} == {ids[-1]}
    rows = json.loads(maker.request("GET", f"/api/models/{repo}/tree/main/log?expand=true")[1])
    newest = {f"log/{number % 50:02}.txt": ids[number] for number in range(COMMITS)}
    assert {row["path"]: row["lastCommit"]["id"] for row in rows} == newest
    history, _ = pages(maker, f"/api/models/{repo}/commits/main/log/07.txt")
    assert [row["id"] for row in history] == ids[7::50][::-1]


def test_list_and_search_of_many_repos(maker):
    names = {maker.repo(f"lot-{number:04}") for number in range(REPOS)}
    found, count = pages(maker, "/api/models?search=lot-&limit=99")
    assert count == 3
    assert len(found) == REPOS and {row["id"] for row in found} == names
    one, _ = pages(maker, "/api/models?search=lot-0123")
    assert [row["id"].split("/")[1] for row in one] == ["lot-0123"]
