"""An upstream that is away, slow, or has changed its mind: what was mirrored stays."""

import time

import pytest
from imposter import ATTRIBUTES, Lfs, safetensors
from mirrors import GATEWAY, at_once, let_ttl_pass, pull, resolve, wait_for

AWAY = ("refuse", "hang", "reset", "close")
PATIENCE_S = 9  # clients give up after 10 s without an answer
BACK_S = 45  # one that was down for long is tried every 30 s
REPO = "acme/kept"


@pytest.fixture
def content():
    return {".gitattributes": ATTRIBUTES, "README.md": b"---\nlicense: mit\n---\n# kept\n",
            "sub/a.txt": b"a\n", "model.safetensors": Lfs(safetensors("kept", 700_000)),
            "cold.safetensors": Lfs(safetensors("cold", 300_000))}


@pytest.fixture
def kept(upstream, content):
    repo = upstream.repo(REPO)
    repo.tag("v1", repo.commit(content, "first"))
    return repo


def pull_all(hub, repo, commit: str, revision: str, but: tuple = ()) -> None:
    for path, data in repo.files(commit).items():
        if path not in but:
            answer = pull(hub, resolve(repo.name, path, revision))
            assert answer.ok and answer.body == data, (path, answer)
            assert answer.headers["X-Repo-Commit"] == commit


def is_stale(answer) -> bool:
    """The answer says that it is old, and how old in seconds."""
    age, warning = answer.headers["X-Waag-Stale"], answer.headers["Warning"]
    return age is not None and age.isdigit() and warning is not None and warning.startswith("111 ")


@pytest.mark.parametrize("mode", AWAY)
def test_what_is_here_is_served(upstream, new_mirror, kept, mode):
    commit = kept.heads["main"]
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, commit, "main", but=("cold.safetensors",))
    assert pull(hub, f"/api/models/{REPO}/refs").ok
    fresh = pull(hub, resolve(REPO, "README.md"))
    assert fresh.headers["X-Waag-Stale"] is None and fresh.headers["Warning"] is None
    upstream.set_mode(mode)
    let_ttl_pass()
    for path in (f"/api/models/{REPO}", f"/api/models/{REPO}/revision/v1",
                 f"/api/models/{REPO}/tree/main?recursive=true", f"/api/models/{REPO}/refs",
                 resolve(REPO, "README.md"), resolve(REPO, "model.safetensors")):
        answer = pull(hub, path)
        assert answer.ok and answer.seconds < PATIENCE_S, (path, answer)
        assert is_stale(answer) or "/v1" in path, (path, answer.headers)
    pull_all(hub, kept, commit, commit, but=("cold.safetensors",))
    head = pull(hub, resolve(REPO, "cold.safetensors"), "HEAD")
    assert head.status == 200 and head.headers["X-Linked-Size"] == "300000"
    for path in (resolve(REPO, "cold.safetensors"), "/api/models/acme/never-seen",
                 resolve("acme/never-seen", "a.txt")):
        answer = pull(hub, path)
        assert answer.status in GATEWAY or answer.end == "cut", (path, answer)
        assert answer.seconds < PATIENCE_S, (path, answer)
        assert answer.headers["X-Error-Code"] is None


def test_an_upstream_that_comes_back_is_found(upstream, new_mirror, kept):
    commit = kept.heads["main"]
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, commit, "main", but=("cold.safetensors",))
    upstream.set_mode("refuse")
    let_ttl_pass()
    paths = [resolve(REPO, path) for path in ("README.md", "cold.safetensors")] * 5
    assert all(pull(hub, path).status in (200, *GATEWAY) for path in paths)
    upstream.set_mode("")
    want = kept.files(commit)["cold.safetensors"]
    assert wait_for(lambda: pull(hub, paths[1]).body == want, BACK_S)
    assert wait_for(lambda: not is_stale(pull(hub, paths[0])), BACK_S)


def test_it_is_served_at_once(upstream, new_mirror, kept):
    """An upstream that never answers costs not every request its patience."""
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, kept.heads["main"], "main")
    upstream.set_mode("hang")
    let_ttl_pass()
    path = resolve(REPO, "README.md")
    started = time.monotonic()
    answers = at_once((lambda: pull(hub, path) for _ in range(60)), 6)
    assert all(answer.ok for answer in answers)
    assert time.monotonic() - started < 30


def test_the_hub_starts_without_its_upstream(upstream, new_mirror, kept):
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, kept.heads["main"], "main")
    assert hub.stop() == 0
    upstream.set_mode("hang")
    started = time.monotonic()
    hub.start()
    assert time.monotonic() - started < 5
    pull_all(hub, kept, kept.heads["main"], "main")
    assert is_stale(pull(hub, resolve(REPO, "README.md")))


def test_a_branch_moves_within_its_time_to_live(upstream, new_mirror, kept):
    old = kept.heads["main"]
    hub = new_mirror(scaled=True, mirror__ttl_s=2)
    pull_all(hub, kept, old, "main")
    new = kept.commit({"sub/a.txt": b"changed\n"}, "second")
    path = resolve(REPO, "sub/a.txt")
    assert wait_for(lambda: pull(hub, path).headers["X-Repo-Commit"] == new, 8)
    pull_all(hub, kept, new, "main")
    pull_all(hub, kept, old, old)
    pull_all(hub, kept, old, "v1")


def test_an_unmoved_branch_costs_one_question_per_time_to_live(upstream, new_mirror, kept):
    hub = new_mirror(mirror__ttl_s=60)
    pull_all(hub, kept, kept.heads["main"], "main")
    upstream.ledger.clear()
    for _ in range(3):
        pull_all(hub, kept, kept.heads["main"], "main")
        assert pull(hub, f"/api/models/{REPO}/revision/main").ok
    assert len(upstream.ledger.entries) <= 1


def test_a_commit_is_never_asked_for_again(upstream, new_mirror, kept):
    commit = kept.heads["main"]
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, commit, commit)
    upstream.ledger.clear()
    let_ttl_pass()
    pull_all(hub, kept, commit, commit)
    assert upstream.ledger.entries == []


def test_a_forced_push_keeps_what_was_pinned(upstream, new_mirror, kept):
    old = kept.heads["main"]
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, old, "main")
    new = kept.commit({"other.txt": b"other history\n"}, "anew", orphan=True)
    path = resolve(REPO, "other.txt")
    assert wait_for(lambda: pull(hub, path).ok, 8)
    pull_all(hub, kept, new, "main")
    pull_all(hub, kept, old, old)
    assert pull(hub, f"/api/models/{REPO}/revision/{old}").json()["sha"] == old
    assert hub.stop() == 0
    hub.start()
    pull_all(hub, kept, old, old)


def test_a_deletion_upstream_keeps_what_was_pinned(upstream, new_mirror, kept):
    commit = kept.heads["main"]
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, commit, "main")
    del upstream.repos["models", REPO]
    let_ttl_pass()
    pull(hub, resolve(REPO, "README.md"))  # finds that it is gone
    pull_all(hub, kept, commit, commit)
    assert hub.stop() == 0
    hub.start()
    pull_all(hub, kept, commit, commit)


def test_a_deleted_branch_upstream(upstream, new_mirror, kept):
    commit = kept.heads["main"]
    kept.branch("side", commit)
    hub = new_mirror(scaled=True)
    pull_all(hub, kept, commit, "side")
    kept.git("update-ref", "-d", "refs/heads/side")
    del kept.heads["side"]
    let_ttl_pass()
    pull_all(hub, kept, commit, "main")
    pull_all(hub, kept, commit, commit)
