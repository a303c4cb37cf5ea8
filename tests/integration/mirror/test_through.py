"""Stock clients pull a repository that the hub has never seen, and then once more."""

import hashlib
import subprocess

import pytest
from client import Client, ClientError
from conftest import digests
from imposter import ATTRIBUTES, Lfs, lies, safetensors, seeded
from imposter.faults import Fault
from mirrors import GATEWAY, at_once, pull, resolve, wait_for

VERSIONS = ("hub-0.36", "hub-new")
CROWD = 100
FILES = {
    ".gitattributes": ATTRIBUTES,
    "README.md": b"---\nlicense: apache-2.0\ntags:\n- tiny\n---\n# one\n",
    "config.json": b'{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}',
    "empty.txt": b"",
    "a dir/e?x%+#.txt": b"odd name\n",
    "\u6a21\u578b/\u00fc\U0001f917.json": b"{}",
    "deep/er/still/b.txt": b"b" * 100_000,
    "model.safetensors": Lfs(safetensors(1, 5_000_001)),
    "one-byte.bin": Lfs(b"x"),
    "pytorch_model.bin": Lfs(seeded("torch", 1_000_000)),
}
KINDS = ("models", "datasets", "spaces")


@pytest.fixture
def repo(upstream):
    made = upstream.repo("acme/one")
    first = made.commit({**FILES, "old.txt": b"old"}, "first")
    made.tag("v1", first)
    made.commit({"config.json": b'{"a": 1}'}, "second", delete=("old.txt",))
    made.branch("side/line", first)
    return made


@pytest.fixture(params=VERSIONS)
def new_client(request, tmp_path):
    homes = iter(range(100))
    return lambda hub, xet=False: Client(
        request.param, hub.endpoint, None, tmp_path / f"home{next(homes)}", xet)


def sums(files: dict) -> dict:
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items()
            if path != ".gitattributes"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_cold_snapshot_and_a_warm_one(upstream, new_mirror, new_client, kind):
    made = upstream.repo("acme/one", kind)
    commit = made.commit(FILES)
    hub = new_mirror(mirror__ttl_s=60)
    for turn in ("cold", "warm"):
        client = new_client(hub)
        got = client.call("snapshot_download", repo_id="acme/one", repo_type=kind[:-1])
        assert digests(got) == sums(made.files(commit)), turn
        assert got.rstrip("/").endswith(commit)
        if turn == "cold":
            for content in FILES.values():
                if isinstance(content, Lfs):
                    assert upstream.ledger.sent_bytes(content.oid) == len(content.data)
            upstream.ledger.clear()
    assert upstream.ledger.sent_bytes() == 0
    # The branch may have been asked for; nothing else.
    assert len(upstream.ledger.entries) <= 1


@pytest.mark.parametrize("revision", ["main", "v1", "side/line", "commit"])
def test_revisions(new_mirror, new_client, repo, revision):
    if revision == "commit":
        revision = repo.tags["v1"]
    hub = new_mirror()
    got = new_client(hub).call("snapshot_download", repo_id=repo.name, revision=revision)
    assert digests(got) == sums(repo.files(repo.resolve(revision)))


def test_the_command_line(new_mirror, new_client, repo, tmp_path):
    hub = new_mirror()
    new_client(hub).cli("download", repo.name, "--local-dir", tmp_path / "out")
    assert digests(tmp_path / "out") == sums(repo.files(repo.heads["main"]))


def test_by_xet_from_an_upstream_that_has_none(new_mirror, new_client, repo):
    """The hub is a chunk store to its clients, whatever its upstream speaks."""
    hub = new_mirror()
    want = sums(repo.files(repo.heads["main"]))
    for _ in range(2):
        got = new_client(hub, xet=True).call("snapshot_download", repo_id=repo.name)
        assert digests(got) == want


def test_one_file_of_many(upstream, new_mirror, new_client, repo):
    """What nobody asks for does not come."""
    hub = new_mirror()
    got = new_client(hub).call("hf_hub_download", repo_id=repo.name, filename="one-byte.bin")
    with open(got, "rb") as file:
        assert file.read() == b"x"
    assert upstream.ledger.sent_bytes(FILES["model.safetensors"].oid) == 0


def test_what_is_not_there(new_mirror, new_client, repo):
    hub = new_mirror()
    client = new_client(hub)
    for arguments, kind in (
        ({"repo_id": repo.name, "filename": "gone.txt"}, "EntryNotFoundError"),
        ({"repo_id": repo.name, "filename": "config.json", "revision": "gone"},
         "RevisionNotFoundError"),
        ({"repo_id": "acme/gone", "filename": "config.json"}, "RepositoryNotFoundError"),
    ):
        with pytest.raises(ClientError) as refused:
            client.call("hf_hub_download", **arguments)
        assert refused.value.kind.endswith(kind), arguments


def test_metadata_is_the_upstreams(new_mirror, new_client, repo):
    client = new_client(new_mirror())
    info = client.call("model_info", repo_id=repo.name, files_metadata=True)
    assert info["sha"] == repo.heads["main"]
    rows = {one["rfilename"]: one for one in info["siblings"]}
    assert set(rows) == set(repo.files(repo.heads["main"]))
    assert rows["model.safetensors"]["lfs"]["sha256"] == FILES["model.safetensors"].oid


def test_all_refs_come(new_mirror, repo):
    """With the history, which comes behind the tree."""
    hub = new_mirror()
    assert pull(hub, f"/api/models/{repo.name}").ok

    def listed(kind: str) -> dict:
        rows = pull(hub, f"/api/models/{repo.name}/refs").json()[kind]
        return {row["name"]: row["targetCommit"] for row in rows}

    assert wait_for(lambda: (listed("branches"), listed("tags")) == (repo.heads, repo.tags))


def test_the_history_comes(new_mirror, repo):
    hub = new_mirror()
    assert pull(hub, f"/api/models/{repo.name}").ok

    def told() -> list[str]:
        return [row["id"] for row in pull(hub, f"/api/models/{repo.name}/commits/main").json()]

    assert wait_for(lambda: told() == repo.history(repo.heads["main"]))


@pytest.mark.parametrize("opened", ["git", "the API alone"])
def test_commit_and_tree_ids_are_the_upstreams(upstream, new_mirror, repo, opened):
    repo.git_open = opened == "git"
    hub = new_mirror()
    info = pull(hub, f"/api/models/{repo.name}").json()
    assert info["sha"] == repo.heads["main"]
    rows = pull(hub, f"/api/models/{repo.name}/tree/main?recursive=true").json()
    want = repo.tree(repo.heads["main"])
    keys = ("type", "path", "oid", "size")
    assert {tuple(row[key] for key in keys) for row in rows} == {
        tuple(row[key] for key in keys) for row in want}


def test_the_history_puts_a_stale_tree_right(upstream, new_mirror):
    """Where the API lags behind its own answer of a moment ago."""
    made = upstream.repo("acme/stale")
    made.commit({"a.txt": b"old\n", "gone.txt": b"gone\n"})
    commit = made.commit({"a.txt": b"new\n"}, delete=("gone.txt",))
    upstream.plant(Fault("stale", lies.older_tree, wants="body"), "api", "acme/stale")
    hub = new_mirror()
    pull(hub, "/api/models/acme/stale")
    path = resolve("acme/stale", "a.txt", commit)
    assert wait_for(lambda: pull(hub, path).body == b"new\n")
    assert wait_for(lambda: pull(hub, resolve("acme/stale", "gone.txt", commit)).status == 404)


def test_a_clone(new_mirror, repo, tmp_path):
    hub = new_mirror()
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", f"{hub.endpoint}/{repo.name}", folder], check=True,
                   capture_output=True, timeout=120)

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True,
                              text=True, timeout=60)
        return done.stdout.strip()

    assert git("rev-parse", "HEAD") == repo.heads["main"]
    assert git("log", "--format=%H").split() == repo.history(repo.heads["main"])
    assert git("status", "--porcelain") == ""
    files = repo.files(repo.heads["main"])
    for path, data in files.items():
        assert (folder / path).read_bytes() == data, path


def test_a_tree_of_many_pages(upstream, new_mirror):
    upstream.page_rows = 50
    made = upstream.repo("acme/wide")
    made.git_open = False
    files = {f"d{n % 7}/f{n:04}.txt": b"%d\n" % n for n in range(400)}
    commit = made.commit(files)
    hub = new_mirror()
    rows = pull(hub, "/api/models/acme/wide/tree/main?recursive=true").json()
    assert {row["path"]: row["oid"] for row in rows} == {
        row["path"]: row["oid"] for row in made.tree(commit)}


def test_a_missing_repo_is_asked_for_once(upstream, new_mirror):
    """Also by a crowd, also with the names that clients try beside it."""
    hub = new_mirror(mirror__negative_ttl_s=30)
    for path in ("/api/models/acme/none", resolve("acme/none", "config.json")):
        answers = at_once((lambda path=path: pull(hub, path) for _ in range(CROWD)), 50)
        assert {answer.status for answer in answers} == {401}, path
        assert {answer.headers["X-Error-Code"] for answer in answers} == {"RepoNotFound"}
    assert upstream.ledger.count(repo="acme/none") <= 4


def test_a_missing_file_costs_the_upstream_nothing(upstream, new_mirror, repo):
    hub = new_mirror(mirror__ttl_s=60)
    assert pull(hub, resolve(repo.name, "config.json")).ok
    upstream.ledger.clear()
    names = [f"optional{n}.json" for n in range(CROWD)]
    answers = at_once((lambda name=name: pull(hub, resolve(repo.name, name)) for name in names), 20)
    assert {answer.status for answer in answers} == {404}
    assert {answer.headers["X-Error-Code"] for answer in answers} == {"EntryNotFound"}
    assert upstream.ledger.count(place="resolve") == 0


def test_trouble_is_not_remembered_as_a_missing_repo(upstream, new_mirror, repo):
    hub = new_mirror(scaled=True, mirror__negative_ttl_s=600)
    upstream.set_mode("refuse")
    assert pull(hub, f"/api/models/{repo.name}").status in GATEWAY
    upstream.set_mode("")
    answers = [pull(hub, f"/api/models/{repo.name}") for _ in range(3)]
    assert answers[-1].ok, [str(answer) for answer in answers]


def test_a_repo_of_our_own_is_never_looked_for_upstream(upstream, new_mirror, repo):
    hub = new_mirror()
    made = hub.request("POST", "/api/repos/create", json_body={"name": "mine"})
    name = made.json()["url"].removeprefix(hub.endpoint + "/")
    assert pull(hub, f"/api/models/{name}").ok
    assert pull(hub, resolve(name, "gone.txt")).status == 404
    assert upstream.ledger.count(repo=name) == 0


def test_switched_off(upstream, new_mirror, repo):
    hub = new_mirror(mirror__pull_through="off")
    assert pull(hub, f"/api/models/{repo.name}").status == 401
    assert upstream.ledger.entries == []
