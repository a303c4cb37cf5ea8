"""A hub follows the histories of another of its kind by raw objects; git is for the others."""

import os
import pathlib
import re
import subprocess

import pytest
from chain import Chain
from imposter import actions
from imposter.faults import Fault
from mirrors import mirror_of, pull, resolve, wait_for

RUN_S = 120
JOB_S = 60
CLOSED = Fault("closed", actions.status(404))
BROKEN = Fault("broken", actions.status(500))


def git(*arguments, cwd: pathlib.Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept |= {"HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
             "GIT_LFS_SKIP_SMUDGE": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        kept |= {f"GIT_{role}_NAME": "ann", f"GIT_{role}_EMAIL": "ann@example.test"}
    done = subprocess.run(["git", *map(str, arguments)], cwd=cwd, env=kept, capture_output=True,
                          text=True, timeout=RUN_S)
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout


class Histories(Chain):
    """A chain whose repo is written by git."""

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder, scaled=True)
        made = self.client.call("create_repo", repo_id="story")
        self.repo = made.removeprefix(self.origin.endpoint + "/")
        self.work = folder / "work"
        address = self.origin.endpoint.replace("//", f"//acme:{self.owner}@")
        git("clone", "-q", f"{address}/{self.repo}", self.work, cwd=folder)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.work / f"{name}.txt").write_text(text)
        git("add", "-A", cwd=self.work)
        git("commit", "-q", "-m", "more", cwd=self.work)

    def publish(self) -> None:
        git("push", "-q", "--all", cwd=self.work)
        git("push", "-q", "--tags", cwd=self.work)

    def cloned(self, hub, name: str) -> tuple[str, str]:
        """(refs, every object and its kind) of a clone, which waits for the history."""
        folder = self.folder / name
        git("clone", "-q", "--mirror", f"{hub.endpoint}/{self.repo}", folder, cwd=self.folder)
        git("fsck", "--strict", cwd=folder)
        objects = git("cat-file", "--batch-check", "--batch-all-objects", "--unordered",
                      cwd=folder)
        return git("show-ref", "--dereference", cwd=folder), sorted(objects.splitlines())

    def check_equal(self, turn: str, hub=None) -> None:
        want = self.cloned(self.origin, f"origin-{turn}")
        assert self.cloned(hub or self.hub, f"hub-{turn}") == want

    def asked(self, place: str) -> int:
        return self.relay.ledger.count(place=place)

    def sent_bytes(self) -> int:
        """Of histories, by whatever road."""
        ledger = self.relay.ledger
        return ledger.sent_bytes(*[key for key in ledger.sent if "git" in key])


def answered(hub, route: str) -> int:
    """How many requests of a route the hub itself has counted as answered well."""
    row = rf'waag_http_requests_total{{route="{route}",method="\w+",code="200"}} (\d+)'
    return sum(map(int, re.findall(row, hub.get("/metrics").body.decode())))


@pytest.fixture
def chain(tmp_path):
    with Histories(tmp_path) as made:
        yield made


@pytest.fixture
def filled(chain):
    """Two branches that meet again, tags of both kinds, an LFS file, a file of 200 kB."""
    chain.write(a="one\n", large=os.urandom(100_000).hex())
    git("tag", "light", cwd=chain.work)
    git("checkout", "-q", "-b", "side", cwd=chain.work)
    chain.write(b="on the side\n")
    git("checkout", "-q", "main", cwd=chain.work)
    chain.write(a="one\ntwo\n")
    git("merge", "-q", "--no-edit", "side", cwd=chain.work)
    git("tag", "-a", "v1", "-m", "the first", cwd=chain.work)
    chain.publish()
    chain.client.call("upload_file", repo_id=chain.repo, path_in_repo="w.bin",
                      path_or_fileobj=str(pathlib.Path(__file__)))
    git("pull", "-q", "--rebase", cwd=chain.work)
    return chain


def test_the_whole_history_and_then_what_is_new(filled):
    chain = filled
    before = answered(chain.origin, "git_upload_pack")
    chain.cloned(chain.hub, "first")
    assert (chain.asked("refs"), chain.asked("objects"), chain.asked("git")) == (1, 1, 0)
    assert answered(chain.origin, "raw_objects") == 1
    assert answered(chain.origin, "git_upload_pack") == before
    whole = chain.sent_bytes()
    assert whole > 90_000  # the file of 200 kB is hex of random bytes
    chain.check_equal("whole")

    chain.relay.ledger.clear()
    for turn in range(3):
        chain.write(a=f"{turn}\n")
    chain.publish()
    tip = git("rev-parse", "HEAD", cwd=chain.work).strip()
    assert pull(chain.hub, f"/api/models/{chain.repo}/revision/{tip}").json()["sha"] == tip
    chain.check_equal("later")
    assert (chain.asked("objects"), chain.asked("git")) == (1, 0)
    assert 0 < chain.sent_bytes() < 3_000 < whole


def test_git_is_closed_there(filled):
    chain = filled
    closed = chain.relay.plant(CLOSED, "git")
    chain.check_equal("closed")
    assert closed.hits == 0 and chain.asked("objects") == 1


def test_an_upstream_without_raw_objects(filled):
    """A hub of an older version: git, and it is not asked for them again."""
    chain = filled
    chain.relay.plant(CLOSED, "refs")
    chain.check_equal("by-git")
    assert (chain.asked("refs"), chain.asked("objects")) == (1, 0) and chain.asked("git") == 2
    chain.write(a="later\n")
    chain.publish()
    pull(chain.hub, f"/api/models/{chain.repo}/revision/"
                    + git("rev-parse", "HEAD", cwd=chain.work).strip())
    chain.check_equal("by-git-later")
    assert chain.asked("refs") == 1


@pytest.mark.parametrize("fault", [
    Fault("500", actions.status(500)), Fault("404", actions.status(404)),
    Fault("login-page", actions.page()), Fault("empty", actions.other_body(lambda data: b"")),
    Fault("half", actions.other_body(lambda data: data[: len(data) // 2])),
    Fault("middle-wrong", actions.flip(0.5)), Fault("last-byte-wrong", actions.flip(1)),
    Fault("more", actions.longer(b"x" * 100, declared=True)),
    Fault("reset-before-headers", actions.text(b"", "reset")),
    Fault("reset-at-half", actions.stop(0.5, "reset")),
    Fault("body-hang-at-half", actions.stop(0.5, "hang")),
], ids=lambda fault: fault.name)
def test_what_goes_wrong_comes_by_git(filled, fault):
    planted = filled.relay.plant(fault, "objects")
    filled.check_equal("faulty")
    # libcurl itself asks twice where a kept connection ends without a byte.
    assert planted.hits in (1, 2) and filled.asked("git") == 2


def test_a_third_hub_in_the_row(filled, tmp_path):
    """It follows one that has not yet seen the repo itself."""
    with mirror_of(filled.relay, tmp_path / "third", scaled=True,
                   upstream__urls=filled.hub.endpoint) as third:
        filled.check_equal("third", third)
        assert answered(filled.hub, "raw_objects") == 1
        assert answered(filled.hub, "git_upload_pack") == 0
        commits = f"/api/models/{filled.repo}/commits/main"
        assert pull(third, commits).json() == pull(filled.origin, commits).json()


def pull_job(chain) -> int:
    answer = chain.hub.request("POST", "/api/waag/v1/pulls", json_body={"repo": chain.repo})
    assert answer.status in (200, 201, 202), answer.body
    return answer.json()["id"]


def job_of(chain, number: int) -> dict:
    return chain.hub.get(f"/api/waag/v1/jobs/{number}").json()


def test_a_job_is_not_done_until_its_history_is_here(filled):
    chain = filled
    for place in ("refs", "git"):
        chain.relay.plant(BROKEN, place)
    number = pull_job(chain)
    assert wait_for(lambda: "error" in job_of(chain, number), JOB_S)
    job = job_of(chain, number)
    assert job["state"] == "queued" and "notBefore" in job
    assert "files are here, but the history did not come: " in job["error"]
    assert job["progress"]["doneFiles"] == job["progress"]["totalFiles"] > 0
    assert job["result"]["files_failed"] == [] and job["result"]["history"]
    assert pull(chain.hub, resolve(chain.repo, "a.txt")).body == b"one\ntwo\n"
    chain.relay.heal()
    assert wait_for(lambda: job_of(chain, number)["state"] == "done", JOB_S)
    assert "history" not in job_of(chain, number)["result"]
    chain.check_equal("healed")


def test_an_upstream_that_has_no_history(filled):
    chain = filled
    for place in ("refs", "git"):
        chain.relay.plant(CLOSED, place)
    number = pull_job(chain)
    assert wait_for(lambda: job_of(chain, number)["state"] == "done", JOB_S)
    job = job_of(chain, number)
    assert job["result"]["history"].startswith("the upstream gives no histories")
    assert job["progress"]["note"].startswith("without its history: ")
    # Another job asks again.
    chain.relay.heal()
    number = pull_job(chain)
    assert wait_for(lambda: job_of(chain, number)["state"] == "done", JOB_S)
    assert "history" not in job_of(chain, number)["result"]
    chain.check_equal("later")
