"""Debian's git and git-lfs, unmodified: clone, fetch and push, and where the hub must refuse."""

import gzip
import json
import os
import pathlib
import re
import socket
import subprocess

import pytest

RUN_S = 120


class Git:
    """git with a home of its own: no configuration but what a test gives."""

    def __init__(self, home: pathlib.Path, hub):
        home.mkdir(parents=True)
        self.home, self.hub = home, hub
        (home / ".gitconfig").write_text(
            "[user]\n\tname = ann\n\temail = ann@example.test\n"
            "[init]\n\tdefaultBranch = main\n[pull]\n\trebase = false\n"
        )

    def url(self, repo: str, token: str | None, user: str = "user", suffix: str = "") -> str:
        credentials = f"{user}:{token}@" if token else ""
        return f"http://{credentials}{self.hub.address}/{repo}{suffix}"

    def run(self, *arguments, cwd=None, check=True, **more) -> subprocess.CompletedProcess:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        kept |= {
            "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", **more
        }
        done = subprocess.run(
            ["git", *map(str, arguments)], cwd=cwd or self.home, env=kept, capture_output=True,
            text=True, timeout=RUN_S,
        )
        if check:
            assert done.returncode == 0, f"git {arguments}: {done.stderr}"
        return done

    def out(self, *arguments, cwd=None, **more) -> str:
        return self.run(*arguments, cwd=cwd, **more).stdout.strip()

    def clone(self, repo, token, *options, name="work", **more) -> pathlib.Path:
        target = self.home / name
        self.run("clone", "-q", *options, self.url(repo, token), target, **more)
        return target

    def commit(self, folder, files: dict, message="more") -> str:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            (folder / path).write_bytes(data)
        self.run("add", "-A", cwd=folder)
        self.run("commit", "-q", "-m", message, cwd=folder)
        return self.out("rev-parse", "HEAD", cwd=folder)


@pytest.fixture
def git(tmp_path, hub):
    return Git(tmp_path / "home", hub)


def api_commit(hub, token, repo, files: dict, revision="main") -> str:
    lines = [{"key": "header", "value": {"summary": "by the API"}}]
    lines += [
        {"key": "file", "value": {"path": path, "encoding": "utf-8", "content": content}}
        for path, content in files.items()
    ]
    reply = hub.request(
        "POST", f"/api/models/{repo}/commit/{revision}", token=token,
        body="\n".join(map(json.dumps, lines)).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert reply.status == 200, reply.body
    return reply.json()["commitOid"]


def head_of(hub, token, repo, revision="main") -> str:
    reply = hub.get(f"/api/models/{repo}/revision/{revision}", token=token)
    assert reply.status == 200, reply.body
    return reply.json()["sha"]


def content(hub, token, repo, path, revision="main") -> bytes:
    reply = hub.get(f"/{repo}/resolve/{revision}/{path}", token=token)
    assert reply.status == 200, reply.body
    return reply.body


def make_history(hub, token, repo, count=5) -> list[str]:
    """Some commits with folders, an empty file and one that is stored in chunks."""
    large = "".join(f"line {i}\n" for i in range(60_000))
    commits = [api_commit(hub, token, repo, {"a/b/c.txt": "deep", "empty": "", "big.txt": large})]
    commits += [
        api_commit(hub, token, repo, {f"file{i}.txt": f"{i}\n" * 100, "last": str(i)})
        for i in range(1, count)
    ]
    return commits


@pytest.mark.parametrize("version", [0, 1, 2])
def test_clone_and_fetch(hub, owner, repo, git, version):
    commits = make_history(hub, owner, repo)
    protocol = ("-c", f"protocol.version={version}")
    work = git.home / "work"
    git.run(*protocol, "clone", "-q", git.url(repo, None), work)
    assert git.out("log", "--format=%H", "-n", "5", cwd=work).split() == commits[::-1]
    git.run("fsck", "--full", "--strict", cwd=work)
    assert (work / "a/b/c.txt").read_text() == "deep"
    assert (work / "big.txt").read_bytes() == content(hub, owner, repo, "big.txt")
    later = api_commit(hub, owner, repo, {"later.txt": "later"})
    git.run(*protocol, "pull", "-q", cwd=work)
    assert git.out("rev-parse", "HEAD", cwd=work) == later
    git.run("fsck", "--full", cwd=work)
    # Nothing new: no pack at all.
    git.run(*protocol, "fetch", "-q", cwd=work)


def test_fetch_sends_only_what_is_new(hub, owner, repo, git):
    make_history(hub, owner, repo)
    work = git.clone(repo, None)
    before = set(git.out("cat-file", "--batch-all-objects", "--batch-check", cwd=work).split("\n"))
    api_commit(hub, owner, repo, {"a/new.txt": "new"})
    progress = git.run("fetch", "--progress", cwd=work).stderr
    after = set(git.out("cat-file", "--batch-all-objects", "--batch-check", cwd=work).split("\n"))
    assert len(after - before) == 4, after - before  # commit, two trees, one blob
    assert "Total 4 objects" in progress


@pytest.mark.parametrize("version", [0, 2])
def test_diverged_histories_negotiate(hub, owner, repo, git, version):
    make_history(hub, owner, repo)
    work = git.clone(repo, owner)
    for i in range(40):  # more than one round of haves
        git.commit(work, {f"local{i}": str(i)})
    theirs = api_commit(hub, owner, repo, {"theirs.txt": "x"})
    git.run("-c", f"protocol.version={version}", "pull", "-q", "--no-edit", cwd=work)
    assert git.run("merge-base", "--is-ancestor", theirs, "HEAD", cwd=work).returncode == 0
    git.run("push", "-q", cwd=work)
    assert head_of(hub, owner, repo) == git.out("rev-parse", "HEAD", cwd=work)


def test_shallow(hub, owner, repo, git):
    commits = make_history(hub, owner, repo)
    for version in (0, 2):
        protocol = ("-c", f"protocol.version={version}")
        work = git.home / f"work{version}"
        git.run(*protocol, "clone", "-q", "--depth", "1", git.url(repo, None), work)
        assert git.out("log", "--format=%H", cwd=work).split() == [commits[-1]]
        assert (work / "a/b/c.txt").read_text() == "deep"
        git.run(*protocol, "fetch", "-q", "--depth", "3", cwd=work)
        assert len(git.out("log", "--format=%H", cwd=work).split()) == 3
        git.run(*protocol, "fetch", "-q", "--deepen", "1", cwd=work)
        assert len(git.out("log", "--format=%H", cwd=work).split()) == 4
        git.run("fsck", "--full", cwd=work)
        git.run(*protocol, "fetch", "-q", "--unshallow", cwd=work)
        assert len(git.out("log", "--format=%H", cwd=work).split()) == 6
        git.run("fsck", "--full", cwd=work)


def test_shallow_clone_pulls_and_pushes(hub, owner, repo, git):
    make_history(hub, owner, repo)
    work = git.clone(repo, owner, "--depth", "1")
    api_commit(hub, owner, repo, {"later.txt": "later"})
    git.run("pull", "-q", cwd=work)
    head = git.commit(work, {"mine.txt": "mine"})
    git.run("push", "-q", cwd=work)
    assert head_of(hub, owner, repo) == head
    assert len(git.out("log", "--format=%H", cwd=work).split()) == 3


def test_shallow_since_and_exclude(hub, owner, repo, git):
    make_history(hub, owner, repo)
    work = git.clone(repo, owner)
    git.run("tag", "old", "HEAD~3", cwd=work)
    git.run("push", "-q", "origin", "old", cwd=work)
    less = git.clone(repo, None, "--shallow-exclude=old", name="less")
    assert len(git.out("log", "--format=%H", cwd=less).split()) == 3
    recent = git.clone(repo, None, "--shallow-since=2001-01-01", name="recent")
    assert len(git.out("log", "--format=%H", cwd=recent).split()) == 6
    never = git.run("clone", "--shallow-since=@4102444800 +0000", git.url(repo, None), "x",
                    check=False)
    assert never.returncode != 0 and "no commits selected" in never.stderr


def test_partial_clone(hub, owner, repo, git):
    make_history(hub, owner, repo)
    work = git.clone(repo, None, "--filter=blob:none", "--no-checkout")
    missing = git.out("rev-list", "--objects", "--all", "--missing=print", cwd=work)
    assert missing.count("\n?") >= 6
    git.run("checkout", "-q", "main", cwd=work)  # fetches the blobs by their ids
    assert (work / "big.txt").read_bytes() == content(hub, owner, repo, "big.txt")
    limited = git.clone(repo, None, "--filter=blob:limit=1k", "--no-checkout", name="limited")
    lines = git.out("rev-list", "--objects", "--all", "--missing=print", cwd=limited).split("\n")
    assert sum(line.startswith("?") for line in lines) == 2  # .gitattributes and big.txt
    refused = git.run("clone", "--filter=tree:0", git.url(repo, None), "x", check=False)
    assert "only the filters" in refused.stderr


def test_push_and_read_back(hub, owner, repo, git):
    make_history(hub, owner, repo)
    work = git.clone(repo, owner)
    files = {"hello.txt": "hello", "sub/large.txt": os.urandom(400_000).hex(), "noeol": "x"}
    head = git.commit(work, files, "pushed by git")
    git.run("push", "-q", cwd=work)
    assert head_of(hub, owner, repo) == head
    for path, text in files.items():
        assert content(hub, owner, repo, path).decode() == text
    titles = hub.get(f"/api/models/{repo}/commits/main", token=owner).json()
    assert titles[0]["title"] == "pushed by git" and titles[0]["id"] == head
    # And the other way round, on top of it.
    api = api_commit(hub, owner, repo, {"hello.txt": "hello again"})
    git.run("pull", "-q", cwd=work)
    assert git.out("rev-parse", "HEAD", cwd=work) == api
    assert (work / "hello.txt").read_text() == "hello again"
    git.run("fsck", "--full", "--strict", cwd=git.clone(repo, None, name="again"))


def test_push_of_small_changes_comes_as_deltas(hub, owner, repo, git):
    make_history(hub, owner, repo)
    work = git.clone(repo, owner)
    text = (work / "big.txt").read_text()
    for i in range(4):
        git.commit(work, {"big.txt": text + f"changed {i}\n", f"n{i}/x": text[: 1000 * i]})
    # --thin is the default: the first version's delta has its base on the hub only.
    pushed = git.run("push", "--progress", cwd=work).stderr
    assert re.search(r"Total \d+ \(delta [1-9]", pushed), pushed
    assert content(hub, owner, repo, "big.txt").decode() == text + "changed 3\n"
    git.run("fsck", "--full", "--strict", cwd=git.clone(repo, None, name="again"))


def test_branches_tags_force_and_delete(hub, owner, repo, git):
    work = git.clone(repo, owner)
    git.run("checkout", "-q", "-b", "feature/x", cwd=work)
    first = git.commit(work, {"x.txt": "1"})
    git.run("tag", "light", cwd=work)
    git.run("tag", "-a", "v1.0", "-m", "the first one", cwd=work)
    git.run("tag", "-a", "outer", "-m", "a tag of a tag", "v1.0", cwd=work)
    git.run("push", "-q", "origin", "feature/x", "light", "v1.0", "outer", cwd=work)
    refs = hub.get(f"/api/models/{repo}/refs", token=owner).json()
    assert {tag["name"]: tag["targetCommit"] for tag in refs["tags"]} == {
        "light": first, "v1.0": first, "outer": first
    }
    assert [b["name"] for b in refs["branches"]] == ["feature/x", "main"]
    again = git.clone(repo, None, name="again")
    assert git.out("cat-file", "-t", "v1.0", cwd=again) == "tag"
    assert "the first one" in git.out("tag", "-n9", "-l", "v1.0", cwd=again)
    for tag in ("v1.0", "outer", "light"):
        assert git.out("rev-parse", tag, cwd=again) == git.out("rev-parse", tag, cwd=work)
    git.run("fsck", "--full", cwd=again)

    git.run("commit", "-q", "--amend", "-m", "other", cwd=work)
    amended = git.out("rev-parse", "HEAD", cwd=work)
    assert "non-fast-forward" in git.run("push", "origin", "HEAD", cwd=work, check=False).stderr
    git.run("push", "-q", "--force-with-lease", "origin", "HEAD", cwd=work)
    assert head_of(hub, owner, repo, "feature%2Fx") == amended
    git.run("push", "-q", "origin", "--delete", "v1.0", "light", "feature/x", cwd=work)
    refs = hub.get(f"/api/models/{repo}/refs", token=owner).json()
    assert [t["name"] for t in refs["tags"]] == ["outer"]
    assert [b["name"] for b in refs["branches"]] == ["main"]
    refused = git.run("push", "origin", ":main", cwd=work, check=False)
    assert refused.returncode != 0 and "cannot be deleted" in refused.stderr


def test_merge_history(hub, owner, repo, git):
    work = git.clone(repo, owner)
    git.run("checkout", "-q", "-b", "side", cwd=work)
    git.commit(work, {"side.txt": "s"})
    git.run("checkout", "-q", "main", cwd=work)
    git.commit(work, {"main.txt": "m"})
    git.run("merge", "-q", "--no-ff", "-m", "joined", "side", cwd=work)
    git.run("push", "-q", "origin", "main", cwd=work)
    log = hub.get(f"/api/models/{repo}/commits/main", token=owner).json()
    assert [c["title"] for c in log][0] == "joined" and len(log) == 4
    again = git.clone(repo, None, name="again")
    assert git.out("rev-parse", "HEAD^2", cwd=again) == git.out("rev-parse", "side", cwd=work)


def test_a_broken_card_is_a_warning(hub, owner, repo, git):
    work = git.clone(repo, owner)
    head = git.commit(work, {"README.md": "---\ntags: [a\n---\ntext\n"})
    assert "warning: README.md" in git.run("push", cwd=work).stderr
    assert head_of(hub, owner, repo) == head


def test_atomic_push(hub, owner, repo, git):
    work = git.clone(repo, owner)
    head = head_of(hub, owner, repo)
    git.commit(work, {"x": "1"})
    refused = git.run("push", "--atomic", "origin", "main", "HEAD:refs/convert/x", cwd=work,
                      check=False)
    assert refused.returncode != 0 and head_of(hub, owner, repo) == head
    half = git.run("push", "origin", "main", "HEAD:refs/convert/x", cwd=work, check=False)
    assert half.returncode != 0 and "only branches" in half.stderr
    assert head_of(hub, owner, repo) == git.out("rev-parse", "HEAD", cwd=work)


def refuse(git, hub, owner, repo, work, *words):
    """A push of `work` fails with these words, and the hub is as before."""
    before = head_of(hub, owner, repo)
    done = git.run("push", "origin", "HEAD:main", cwd=work, check=False)
    assert done.returncode != 0
    for word in words:
        assert word in done.stderr, done.stderr
    assert head_of(hub, owner, repo) == before


def shell(script: str, work) -> str:
    command = ["sh", "-c", script]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write_tree(git, work, mode, name, target: str) -> None:
    """Commits an entry that git itself would not write."""
    run = {"cwd": work}
    (work / "entry").write_text(target)
    blob = git.out("hash-object", "-w", "entry", **run)
    script = f"printf '{mode} blob {blob}\\t{name}\\n' | git mktree"
    commit = git.out("commit-tree", "-p", "HEAD", "-m", "odd", shell(script, work), **run)
    git.run("update-ref", "HEAD", commit, **run)


def test_large_file_without_lfs(hub, owner, repo, git):
    work = git.clone(repo, owner)
    git.commit(work, {"deep/big.txt": "0123456789\n" * 1_000_000})
    refuse(git, hub, owner, repo, work, '"deep/big.txt" has 11000000 bytes', "git-lfs")
    git.run("commit", "-q", "--amend", "-m", "smaller", cwd=work)
    (work / "deep/big.txt").write_text("0123456789\n" * 900_000)
    git.run("commit", "-qa", "--amend", "-m", "smaller", cwd=work)
    git.run("push", "-q", cwd=work)
    assert len(content(hub, owner, repo, "deep/big.txt")) == 9_900_000


@pytest.mark.parametrize(
    ("mode", "name", "target", "word"),
    [("120000", "link", "../outside", "leaves the tree"),
     ("120000", "link", "/etc/passwd", "leaves the tree"),
     ("100644", "git~1", "x", "'.git'"),
     ("100644", "a\\\\b", "x", "backslash")],
)
def test_odd_trees_are_refused(hub, owner, repo, git, mode, name, target, word):
    work = git.clone(repo, owner)
    write_tree(git, work, mode, name, target)
    refuse(git, hub, owner, repo, work, word)


def test_symlinks_inside_the_tree(hub, owner, repo, git):
    work = git.clone(repo, owner)
    (work / "sub").mkdir()
    (work / "sub/link").symlink_to("../.gitattributes")
    head = git.commit(work, {"x": "x"})
    git.run("push", "-q", cwd=work)
    assert head_of(hub, owner, repo) == head
    again = git.clone(repo, None, name="again")
    assert (again / "sub/link").read_text() == (again / ".gitattributes").read_text()


def test_pointer_to_what_is_not_here(hub, owner, repo, git):
    work = git.clone(repo, owner)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 5\n"
    git.commit(work, {"weights.txt": pointer})
    refuse(git, hub, owner, repo, work, "LFS files were not uploaded", "weights.txt")


def test_ids_of_other_repos_grant_nothing(hub, owner, repo, git):
    """A tree that names a private file by its id, without bringing it."""
    eve = hub.user("eve")
    body = {"name": "own", "organization": "eve", "type": "model"}
    assert hub.request("POST", "/api/repos/create", token=eve, json_body=body).status == 200
    body = {"name": "vault", "organization": "acme", "type": "model", "private": True}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    secret = api_commit(hub, owner, "acme/vault", {"secret.txt": "the secret"})
    work = git.clone("eve/own", eve)
    (work / "secret.txt").write_text("the secret")
    blob = git.out("hash-object", "secret.txt", cwd=work)  # the id, not the object
    script = f"printf '100644 blob {blob}\\tstolen.txt\\n' | git mktree --missing"
    tree = shell(script, work)
    commit = git.out("commit-tree", "-p", "HEAD", "-m", "odd", tree, cwd=work)
    for want in (secret, blob):
        for version in (0, 2):
            got = git.run("-c", f"protocol.version={version}", "fetch", "origin", want, cwd=work,
                          check=False)
            assert got.returncode != 0 and "not our ref" in got.stderr, got.stderr
    reply = push_raw(hub, eve, "eve/own", git, work, commit)
    assert b"missing object " + blob.encode() in reply.body
    assert head_of(hub, eve, "eve/own") != commit


def pkt(text: bytes) -> bytes:
    return b"%04x" % (len(text) + 4) + text


def push_body(git, work, old, commit, cut=None) -> bytes:
    """A push of the commit, its tree and what lies in that and here, without a client's checks."""
    ids = [commit, git.out("rev-parse", f"{commit}^{{tree}}", cwd=work)]
    for line in git.out("ls-tree", commit, cwd=work).split("\n"):
        known = git.run("cat-file", "-e", line.split()[2], cwd=work, check=False)
        ids += [line.split()[2]] * (known.returncode == 0)
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "-q"], cwd=work, input="\n".join(ids).encode(),
        capture_output=True, check=True,
    ).stdout
    line = f"{old} {commit} refs/heads/main\0report-status side-band-64k".encode()
    return pkt(line) + b"0000" + (pack if cut is None else pack[:cut])


def push_raw(hub, token, repo, git, work, commit, cut=None):
    body = push_body(git, work, head_of(hub, token, repo), commit, cut)
    return hub.request(
        "POST", f"/{repo}.git/git-receive-pack", token=token, body=body,
        headers={"Content-Type": "application/x-git-receive-pack-request"},
    )


def test_broken_packs_change_nothing(hub, owner, repo, git):
    work = git.clone(repo, owner)
    before = head_of(hub, owner, repo)
    commit = git.out("commit-tree", "-p", "HEAD", "-m", "same tree", "HEAD^{tree}", cwd=work)
    for cut in (0, 5, 12, 20, 60, -1, -20):
        reply = push_raw(hub, owner, repo, git, work, commit, cut=cut)
        assert reply.status == 200 and b"ng refs/heads/main" in reply.body, (cut, reply.body)
        assert head_of(hub, owner, repo) == before
    assert b"ok refs/heads/main" in push_raw(hub, owner, repo, git, work, commit).body
    assert head_of(hub, owner, repo) == commit


def test_rights(hub, owner, git):
    stranger = hub.user("zoe")
    body = {"name": "hidden", "organization": "acme", "type": "dataset", "private": True}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    repo = "datasets/acme/hidden"

    def refs(token, service="git-upload-pack", path=repo):
        return hub.get(f"/{path}/info/refs?service={service}", token=token)

    for service in ("git-upload-pack", "git-receive-pack"):
        anonymous = refs(None, service)
        assert anonymous.status == 401
        assert anonymous.headers["WWW-Authenticate"].startswith("Basic")
        assert refs(stranger, service).status == 404
        assert refs(owner, service).status == 200
    assert refs(owner, "").status == 400
    assert refs(owner, path=repo + ".git").status == 200
    work = git.clone(repo, owner)
    head = git.commit(work, {"x.txt": "x"})
    git.run("push", "-q", cwd=work)
    assert git.out("ls-remote", git.url(repo, owner), "refs/heads/main").startswith(head)
    for token in (None, stranger):
        assert git.run("clone", git.url(repo, token), "no", check=False).returncode != 0


def test_gated_files_are_not_cloned(hub, owner, repo, git):
    stranger = hub.user("xena")
    body = {"gated": "manual"}
    put = hub.request("PUT", f"/api/models/{repo}/settings", token=owner, json_body=body)
    assert put.status == 200, put.body
    target = f"/{repo}/info/refs?service=git-upload-pack"
    assert hub.get(target, token=None).status == 401
    assert hub.get(target, token=stranger).status == 403
    done = pkt(b"want " + head_of(hub, owner, repo).encode() + b"\n") + b"0000" + pkt(b"done\n")
    post = hub.request("POST", f"/{repo}/git-upload-pack", token=stranger, body=done)
    assert post.status == 403
    assert git.clone(repo, owner).is_dir()


def test_push_without_right(hub, owner, repo, git):
    stranger = hub.user("yan")
    reader = hub.cli("token", "create", "r", "--user", "acme", "--role", "read")["token"]
    work = git.clone(repo, None)
    git.commit(work, {"x": "1"})
    for token in (stranger, reader):
        done = git.run("push", git.url(repo, token), "HEAD:main", cwd=work, check=False)
        assert done.returncode != 0 and "403" in done.stderr, done.stderr
    post = hub.request("POST", f"/{repo}.git/git-receive-pack", token=stranger, body=b"0000")
    assert post.status == 403
    assert git.run("push", git.url(repo, None), "HEAD:main", cwd=work, check=False).returncode != 0


def test_pull_requests_are_fetched_by_name(hub, owner, repo, git):
    head = api_commit(hub, owner, repo, {"x": "1"}, "main?create_pr=1")
    work = git.clone(repo, owner)
    assert "refs/pr" not in git.out("ls-remote", cwd=work)
    git.run("fetch", "-q", "origin", "refs/pr/1:pr1", cwd=work)
    assert git.out("rev-parse", "pr1", cwd=work) == head
    git.run("checkout", "-q", "pr1", cwd=work)
    more = git.commit(work, {"y": "2"})
    git.run("push", "-q", "origin", "pr1:refs/pr/1", cwd=work)
    assert head_of(hub, owner, repo, "refs%2Fpr%2F1") == more
    for spec in ("pr1:refs/pr/77", ":refs/pr/1", "pr1:refs/convert/parquet"):
        assert git.run("push", "origin", spec, cwd=work, check=False).returncode != 0


def test_gzip_and_stale_pushes(hub, owner, repo, git):
    body = pkt(b"want " + head_of(hub, owner, repo).encode() + b" side-band-64k\n")
    body += b"0000" + pkt(b"done\n")
    for encoded, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        reply = hub.request("POST", f"/{repo}/git-upload-pack", token=None, body=encoded,
                            headers=headers)
        assert reply.status == 200 and b"PACK" in reply.body
        assert reply.headers["Transfer-Encoding"] == "chunked"
    damaged = gzip.compress(body)[:-4]
    assert hub.request("POST", f"/{repo}/git-upload-pack", token=None, body=damaged,
                       headers={"Content-Encoding": "gzip"}).status == 400
    work = git.clone(repo, owner)
    git.commit(work, {"mine": "1"})
    theirs = api_commit(hub, owner, repo, {"theirs": "1"})
    refused = git.run("push", cwd=work, check=False)
    assert refused.returncode != 0 and "fetch first" in refused.stderr
    assert head_of(hub, owner, repo) == theirs


def lfs_clone(git, repo, token, name="work"):
    git.run("lfs", "install", "--skip-repo")
    return git.clone(repo, token, name=name)


def test_lfs_round_trip(hub, owner, repo, git):
    work = lfs_clone(git, repo, owner)
    weights = os.urandom(3_000_000)
    head = git.commit(work, {"model.safetensors": weights, "sub/other.bin": b"small"})
    git.run("push", "-q", cwd=work)
    assert head_of(hub, owner, repo) == head
    assert content(hub, owner, repo, "model.safetensors") == weights
    entry = hub.get(f"/api/models/{repo}/tree/main", token=owner).json()
    assert next(e for e in entry if e["path"] == "model.safetensors")["lfs"]["size"] == 3_000_000
    git.run("clone", "-q", git.url(repo, None), "lazy", GIT_LFS_SKIP_SMUDGE="1")
    lazy = git.home / "lazy"
    assert (lazy / "model.safetensors").read_text().startswith("version https://git-lfs")
    git.run("lfs", "pull", cwd=lazy)
    assert (lazy / "model.safetensors").read_bytes() == weights
    full = git.clone(repo, None, name="full")
    assert (full / "sub/other.bin").read_bytes() == b"small"
    assert git.out("status", "--porcelain", cwd=full) == ""
    git.run("fsck", "--full", cwd=full)


def test_a_pointer_to_what_the_repo_holds(hub, owner, repo, git):
    work = lfs_clone(git, repo, owner)
    git.commit(work, {"a.bin": b"one"})
    git.run("push", "-q", cwd=work)
    # The same bytes may be named again by their pointer: the repository holds them.
    pointer = git.out("show", "HEAD:a.bin", cwd=work) + "\n"
    (work / ".gitattributes").write_text("")
    git.commit(work, {"copy.txt": pointer})
    git.run("push", "-q", cwd=work)
    assert content(hub, owner, repo, "copy.txt") == b"one"


def test_many_files_and_a_long_history(hub, owner, repo, git):
    """More objects than one transaction takes, and commits in the hundreds."""
    work = git.clone(repo, owner)
    git.commit(work, {f"d{i % 50}/f{i}.txt": f"{i}\n" for i in range(6000)})
    text = ""
    for i in range(300):
        text += f"commit refs/heads/main\ncommitter ann <a@b.c> {1_700_000_000 + i} +0000\n"
        text += "data 4\nstep\n" + "from refs/heads/main^0\n" * (i == 0)
        text += f"M 100644 inline n.txt\ndata {len(str(i))}\n{i}\n"
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=work, input=text.encode(),
                   check=True, timeout=RUN_S)
    git.run("reset", "-q", "--hard", cwd=work)
    git.run("push", "-q", cwd=work)
    head = git.out("rev-parse", "HEAD", cwd=work)
    assert head_of(hub, owner, repo) == head
    again = git.clone(repo, None, name="again")
    assert len(git.out("log", "--format=%H", cwd=again).split()) == 302
    git.run("fsck", "--full", cwd=again)


def test_a_connection_that_ends_in_mid_push(hub, owner, repo, git):
    work = git.clone(repo, owner)
    before = head_of(hub, owner, repo)
    commit = git.commit(work, {"x.txt": os.urandom(100_000).hex()})
    body = push_body(git, work, before, commit)
    head = f"POST /{repo}/git-receive-pack HTTP/1.1\r\nHost: hub\r\n"
    head += "Content-Type: application/x-git-receive-pack-request\r\n"
    head += f"Authorization: Bearer {owner}\r\nContent-Length: {len(body)}\r\n\r\n"
    host, port = hub.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as link:
        link.sendall(head.encode() + body[: len(body) // 2])
        link.shutdown(socket.SHUT_WR)
        assert b" 400 " in link.recv(4096)
    assert head_of(hub, owner, repo) == before
    assert not list((hub.data / "scratch").glob("push-*"))
    assert hub.get(f"/{repo}/resolve/{commit}/x.txt", token=owner).status == 404
    git.run("push", "-q", cwd=work)
    assert head_of(hub, owner, repo) == commit
