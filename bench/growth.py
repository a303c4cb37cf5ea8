"""How the time of a request grows with what the hub holds, beside the growth of its answer."""

import dataclasses
import itertools
import pathlib
import statistics
import threading
import time

from bench.measure import Row
from hub import Hub
from many import Maker

TURNS = 7
FOLDER_FILES = 1000
BRANCHES_SHARE = 10  # one branch for so many revisions
MAKERS = 8
# Times below this are the socket's and the scheduler's: their ratios say nothing.
LEAST_S = 0.003
# What noise may add to a ratio.
SLACK = 1.5


@dataclasses.dataclass
class Cost:
    seconds: float
    bytes: int


def median_cost(act) -> Cost:
    """`act` gives the bytes of its answer."""
    act()  # warm
    seconds = []
    for _ in range(TURNS):
        start = time.perf_counter()
        size = act()
        seconds.append(time.perf_counter() - start)
    return Cost(statistics.median(seconds), size)


def get(maker: Maker, target: str):
    return lambda: len(maker.request("GET", target)[1])


def files(hub: Hub, count: int) -> dict[str, Cost]:
    """Folders of 1,000 files, and as many files again in one folder."""
    maker, turn = Maker(hub), itertools.count()
    repo, flat = maker.repo(f"files-{count}"), maker.repo(f"flat-{count}")
    paths, flat_paths = maker.files(repo, count, FOLDER_FILES), maker.files(flat, count, count)

    def change(name, path):
        def act():
            commit = maker.commit(name, {path: f"{next(turn)}\n"})
            return len(commit)
        return act

    api = f"/api/models/{repo}"
    middle = paths[count // 2]
    return {
        "tree, page of 1,000": median_cost(get(maker, f"{api}/tree/main/d00000")),
        "tree, recursive, 1,000 entries": median_cost(
            get(maker, f"{api}/tree/main?recursive=true&limit=1000")),
        "tree, recursive, whole": median_cost(get(maker, f"{api}/tree/main?recursive=true")),
        "info with all siblings": median_cost(get(maker, api)),
        "resolve": median_cost(get(maker, f"/{repo}/resolve/main/{middle}")),
        "commit of 1 file": median_cost(change(repo, middle)),
        "one folder: page of 1,000": median_cost(
            get(maker, f"/api/models/{flat}/tree/main/d00000?limit=1000")),
        "one folder: resolve": median_cost(get(maker, f"/{flat}/resolve/main/{flat_paths[9]}")),
        "one folder: commit of 1 file": median_cost(change(flat, flat_paths[count // 2])),
        "one folder: commit, then a page": median_cost(lambda: change(flat, flat_paths[7])() + get(
            maker, f"/api/models/{flat}/tree/main/d00000?limit=1000")()),
    }


def repos(hub: Hub, count: int) -> dict[str, Cost]:
    """Made by several at once, as each waits for the disk."""
    def make(first):
        maker = Maker(hub)
        for number in range(first, count, MAKERS):
            maker.repo(f"repo-{number:05}")

    threads = [threading.Thread(target=make, args=(first,)) for first in range(MAKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    maker = Maker(hub)
    return {
        "list, 1,000 repos": median_cost(get(maker, "/api/models?limit=1000")),
        "list, 20 newest": median_cost(get(maker, "/api/models?limit=20&sort=lastModified")),
        "search, 10 found": median_cost(get(maker, "/api/models?search=repo-0001")),
        "search, none found": median_cost(get(maker, "/api/models?search=nothing-like-it")),
        "info": median_cost(get(maker, "/api/models/admin/repo-00050")),
    }


def revisions(hub: Hub, count: int) -> dict[str, Cost]:
    maker = Maker(hub)
    repo = maker.repo(f"revisions-{count}")
    ids = maker.commits(repo, count)
    maker.branches(repo, count // BRANCHES_SHARE)
    api, old = f"/api/models/{repo}", ids[count // 20]
    last = count // 50
    return {
        "commits, first page": median_cost(get(maker, f"{api}/commits/main")),
        "commits, last page": median_cost(get(maker, f"{api}/commits/main?p={last - 1}")),
        "tree of an old commit": median_cost(get(maker, f"{api}/tree/{old}")),
        "resolve in an old commit": median_cost(
            get(maker, f"/{repo}/resolve/{old}/.gitattributes")),
        "resolve by a short hash": median_cost(
            get(maker, f"/{repo}/resolve/{old[:10]}/.gitattributes")),
        "commits of one file, first page": median_cost(
            get(maker, f"{api}/commits/main/log/07.txt?limit=20")),
        "commits of a file made first": median_cost(
            get(maker, f"{api}/commits/main/.gitattributes")),
        "refs with all branches": median_cost(get(maker, f"{api}/refs")),
        "tree with last commits": median_cost(get(maker, f"{api}/tree/main/log?expand=true")),
        "commit": median_cost(lambda: len(maker.commit(repo, {"log/00.txt": str(time.time())}))),
    }


PARTS = {
    "files": (files, 10_000, 100_000),
    "repos": (repos, 1_000, 10_000),
    "revisions": (revisions, 1_000, 10_000),
}
QUICK_SHARE = 10


def growth(scratch: pathlib.Path, quick: bool):
    """One row a request: times at two sizes, their ratio beside that of the answers."""
    for part, (measure, *counts) in PARTS.items():
        counts = [count // QUICK_SHARE if quick else count for count in counts]
        costs = []
        for count in counts:
            # Repositories of other sizes would be in each other's lists.
            with Hub(scratch / f"{part}-{count}") as hub:
                costs.append(measure(hub, count))
        for name, few in costs[0].items():
            yield row(f"{counts[0]:,} → {counts[1]:,} {part}: {name}", few, costs[1][name])


def row(name: str, few: Cost, many: Cost) -> Row:
    time_ratio, size_ratio = many.seconds / few.seconds, many.bytes / few.bytes
    text = f"{few.seconds * 1e3:.1f} → {many.seconds * 1e3:.1f} ms: × {time_ratio:.1f}"
    met = many.seconds < LEAST_S or time_ratio <= max(1, size_ratio) * SLACK
    return Row(name, text, f"answer × {size_ratio:.1f}", met)
