"""The imposter itself: stock clients find in it what the Hub would give them."""

import hashlib
import http.client
import json
import os
import subprocess

import pytest
from client import Client, ClientError
from conftest import digests
from imposter import ATTRIBUTES, Imposter, Lfs, actions, safetensors
from imposter.faults import FAULTS, PLACES, Fault

TOKEN = "hf_" + "a" * 37
CONTENT = {
    ".gitattributes": ATTRIBUTES,
    "README.md": b"---\nlicense: apache-2.0\n---\n# one\n",
    "empty.txt": b"",
    "a dir/e?x%+#.txt": b"odd name\n",
    "\u6a21\u578b/\u00fc\U0001f917.json": b"{}",
    "model.safetensors": Lfs(safetensors(1, 3_000_001)),
}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    with Imposter(tmp_path_factory.mktemp("imposter")) as made:
        for kind in ("models", "datasets", "spaces"):
            repo = made.repo("acme/one", kind)
            first = repo.commit({**CONTENT, "old.txt": b"old"}, "first")
            repo.tag("v1", first)
            repo.commit({"config.json": b'{"a": 1}'}, "second", delete=("old.txt",))
            repo.branch("side/line", first)
        made.tokens.add(TOKEN)
        yield made


@pytest.fixture(params=["hub-0.36", "hub-new"])
def client(request, upstream, tmp_path):
    made = Client(request.param, upstream.endpoint, None, tmp_path / "home")
    made.settings |= trusting(upstream)
    return made


def trusting(upstream) -> dict:
    """Of programs that pull from the imposter itself."""
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")
    return dict.fromkeys(names, str(upstream.certificate.authority))


def sums(files: dict) -> dict:
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items()
            if path != ".gitattributes"}


@pytest.mark.parametrize("kind,revision", [
    ("models", "main"), ("models", "v1"), ("models", "side/line"), ("datasets", "main"),
    ("spaces", "v1")])
def test_a_snapshot(upstream, client, kind, revision):
    repo = upstream.repo("acme/one", kind)
    got = client.call("snapshot_download", repo_id="acme/one", repo_type=kind[:-1],
                      revision=revision)
    assert digests(got) == sums(repo.files(repo.resolve(revision)))


def test_metadata(upstream, client):
    repo = upstream.repo("acme/one")
    info = client.call("model_info", repo_id="acme/one", files_metadata=True)
    assert info["sha"] == repo.heads["main"] and not info["private"]
    weights = next(one for one in info["siblings"] if one["rfilename"] == "model.safetensors")
    assert weights["size"] == 3_000_001
    refs = client.call("list_repo_refs", repo_id="acme/one")
    assert {one["name"]: one["target_commit"] for one in refs["branches"]} == repo.heads
    assert {one["name"]: one["target_commit"] for one in refs["tags"]} == repo.tags
    commits = client.call("list_repo_commits", repo_id="acme/one")
    assert [one["commit_id"] for one in commits] == repo.history(repo.heads["main"])
    paths = client.call("get_paths_info", repo_id="acme/one", paths=["README.md", "gone", "a dir"])
    assert {one["path"] for one in paths} == {"README.md", "a dir"}


def test_a_long_tree_comes_in_pages(upstream, client, monkeypatch):
    monkeypatch.setattr(upstream, "page_rows", 3)
    rows = client.call("list_repo_tree", repo_id="acme/one", recursive=True)
    repo = upstream.repo("acme/one")
    assert [row["path"] for row in rows] == [r["path"] for r in repo.tree(repo.heads["main"])]


def test_who_may_what(upstream, client):
    repo = upstream.repo("acme/secret")
    repo.commit(CONTENT)
    repo.private = True
    gated = upstream.repo("acme/gated")
    gated.commit(CONTENT)
    gated.gated = True
    holder = client.at(token=TOKEN, home=client.home / "holder")
    holder.settings |= client.settings
    for name, kind in (("acme/secret", "RepositoryNotFoundError"),
                       ("acme/none", "RepositoryNotFoundError"), ("acme/gated", "GatedRepoError")):
        with pytest.raises(ClientError) as refused:
            client.call("hf_hub_download", repo_id=name, filename="README.md")
        assert refused.value.kind == kind, name
        if name != "acme/none":
            got = holder.call("hf_hub_download", repo_id=name, filename="README.md")
            with open(got, "rb") as file:
                assert file.read() == CONTENT["README.md"]


def test_a_clone(upstream, tmp_path):
    repo = upstream.repo("acme/one")
    for options in ((), ("--depth", "1"), ("--filter=blob:none",)):
        folder = tmp_path / "-".join(("clone", *options)).replace(":", "")
        command = ["git", "clone", "-q", *options, f"{upstream.endpoint}/acme/one", folder]
        environment = os.environ | trusting(upstream)
        subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
        head = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], check=True,
                              capture_output=True, text=True, timeout=60)
        assert head.stdout.strip() == repo.heads["main"]


def test_an_unchanged_info_is_not_sent_again(upstream):
    link = upstream.connect("hub", 10)
    link.request("GET", "/api/models/acme/one")
    first = link.getresponse()
    assert json.loads(first.read())["id"] == "acme/one"
    link.request("GET", "/api/models/acme/one", headers={"If-None-Match": first.headers["ETag"]})
    again = link.getresponse()
    assert (again.status, again.read()) == (304, b"")
    link.close()


def test_bytes_are_counted(upstream):
    data = CONTENT["model.safetensors"].data
    oid = CONTENT["model.safetensors"].oid
    upstream.ledger.clear()
    for field, want in (("bytes=0-99", data[:100]), ("bytes=50-149", data[50:150]),
                        ("bytes=-10", data[-10:])):
        link = upstream.connect("cdn", 10)
        link.request("GET", f"/repos/aa/bb/{oid}?Signature=for-this-url-only",
                     headers={"Range": field})
        reply = link.getresponse()
        assert (reply.status, reply.read()) == (206, want)
        link.close()
    ledger = upstream.ledger
    assert (ledger.sent_bytes(oid), ledger.covered_bytes(oid), ledger.again_bytes(oid)) == (
        210, 160, 50)


def test_gates_and_modes(upstream):
    data, oid = CONTENT["model.safetensors"].data, CONTENT["model.safetensors"].oid
    gate = upstream.ledger.gate(oid, 1000, len(data))
    link = upstream.connect("cdn", 10)
    link.request("GET", f"/repos/aa/bb/{oid}?Signature=for-this-url-only")
    reply = link.getresponse()
    assert reply.read(1000) == data[:1000]
    assert gate.reached.wait(10)
    gate.open()
    assert reply.read() == data[1000:]
    link.close()
    try:
        for mode, error in (("refuse", ConnectionRefusedError), ("hang", TimeoutError),
                            ("reset", OSError), ("close", http.client.RemoteDisconnected)):
            upstream.set_mode(mode)
            link = upstream.connect("hub", 1)
            with pytest.raises(error):
                link.request("GET", "/api/models/acme/one")
                link.getresponse()
            link.close()
    finally:
        upstream.set_mode("")
    link = upstream.connect("hub", 10)
    link.request("GET", "/api/models/acme/one")
    assert link.getresponse().status == 200
    link.close()


def test_faults_are_well_described():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60
    assert sum(len(fault.roads) for fault in FAULTS) >= 200
    for fault in FAULTS:
        assert set(fault.roads) <= set(PLACES), fault.name
        assert (fault.action is None) == bool(fault.mode), fault.name


def test_a_fault_is_done_as_often_as_it_says(upstream):
    fault = Fault("twice", actions.status(503), times=2)
    planted = upstream.plant(fault, "api", "acme/one")
    try:
        link = upstream.connect("hub", 10)
        statuses = []
        for _ in range(3):
            link.request("GET", "/api/models/acme/one")
            reply = link.getresponse()
            reply.read()
            statuses.append(reply.status)
        assert (statuses, planted.hits) == ([503, 503, 200], 2)
        link.close()
    finally:
        upstream.heal(planted)
