"""One cell of the matrix: a fault on a road, in a repository of its own."""

import dataclasses
import json

from hub import Hub
from imposter import ATTRIBUTES, Imposter, Lfs, safetensors, seeded
from imposter.faults import Fault
from mirrors import GATEWAY, Pulled, pull, resolve, wait_for

LFS_BYTES = 600_000
FIRST, LAST = 200_000, 400_000
CELL_S = 12.0  # two tries of 1.5 s, pauses, and a busy machine
HITS_MAX = 60  # tries that one pull may cost, with those of its fill in the background
RECOVER_S = 8.0
MISSING = (401, 404)


@dataclasses.dataclass
class Cell:
    fault: Fault
    road: str
    hub: Hub
    upstream: Imposter
    name: str = ""
    commit: str = ""
    planted: object = None
    answer: Pulled | None = None
    troubles: list[str] = dataclasses.field(default_factory=list)

    def prepare(self) -> None:
        """The repository, the fault in front of it, and what the road takes for granted."""
        self.name = f"{self.road}/{self.fault.name}"
        repo = self.upstream.repo(self.name)
        repo.git_open = self.road in ("metadata", "git")
        seed = f"{self.road} {self.fault.name}"
        files = {".gitattributes": ATTRIBUTES, "dir/small.txt": seeded(seed, 20_000).hex().encode(),
                 "model.safetensors": Lfs(safetensors(seed, LFS_BYTES))}
        self.commit = repo.commit(files, "files")
        if self.fault.action and self.road == "told":
            self.plant()
        if self.road in ("small", "lfs", "range", "told"):
            warmed = pull(self.hub, f"/api/models/{self.name}/revision/main")
            if self.road != "told" and warmed.status != 200:
                self.troubles.append(f"a healthy upstream's metadata: {warmed}")
        if self.fault.action and self.road != "told":
            self.plant()

    def plant(self) -> None:
        self.planted = self.upstream.plant(
            self.fault, self.fault.place_on(self.road), self.name)

    def ask(self) -> Pulled:
        if self.road == "metadata":
            return pull(self.hub, f"/api/models/{self.name}/revision/main")
        if self.road == "listing":
            return pull(self.hub, f"/api/models/{self.name}/tree/main?recursive=true")
        if self.road == "git":
            return pull(self.hub, f"/{self.name}/info/refs?service=git-upload-pack")
        if self.road == "told":
            return pull(self.hub, resolve(self.name, "model.safetensors"))
        path = "dir/small.txt" if self.road == "small" else "model.safetensors"
        ranged = {"Range": f"bytes={FIRST}-{LAST - 1}"} if self.road == "range" else {}
        return pull(self.hub, resolve(self.name, path, self.commit), **ranged)

    def run(self) -> None:
        self.answer = self.ask()
        self.judge()

    def content(self) -> bytes:
        repo = self.upstream.repo(self.name)
        files = repo.files(self.commit)
        if self.road == "small":
            return files["dir/small.txt"]
        data = files["model.safetensors"]
        return data[FIRST:LAST] if self.road == "range" else data

    def exact(self, answer: Pulled) -> bool:
        """A whole answer that says what the upstream's repository holds."""
        if not answer.ok:
            return False
        repo = self.upstream.repo(self.name)
        if self.road == "git":
            return f"{self.commit} refs/heads/main\n".encode() in answer.body
        if self.road not in ("metadata", "listing"):
            return answer.body == self.content()
        try:
            value = json.loads(answer.body)
            if self.road == "metadata":
                paths = {one["rfilename"] for one in value["siblings"]}
                return value["sha"] == self.commit and paths == set(repo.files(self.commit))
            keys = ("type", "path", "oid", "size")
            told = {tuple(row[key] for key in keys) for row in value}
            return told == {tuple(row[key] for key in keys) for row in repo.tree(self.commit)}
        except (ValueError, KeyError, TypeError):
            return False

    def judge(self) -> None:
        """A cut is an answer too: who gets one knows that it does not have the file."""
        answer, say = self.answer, self.troubles.append
        if answer.end == "hang" or answer.seconds > CELL_S:
            say(f"takes too long: {answer}")
        elif answer.ok and not self.exact(answer) and self.road not in self.fault.unseen:
            say(f"wrong bytes in a whole answer: {answer}")
        elif answer.status not in (200, 206) and not self.may_say(answer.status):
            say(f"not a gateway's error: {answer}")
        if self.fault.expect == "heals" and not answer.ok:
            say(f"one try more would have got it: {answer}")
        if self.planted is None:
            return
        met = self.planted.hits
        if met == 0 and self.fault.wants != "range":
            say("the fault was never met")
        if met > HITS_MAX:
            say(f"{met} tries")

    def may_say(self, status: int) -> bool:
        if status in GATEWAY:
            return True
        return self.road in ("metadata", "listing") and status in self.fault.also

    def recover(self) -> None:
        """Once the upstream is well again, so is the road."""
        if self.fault.name == "branch-moves-all-the-time":
            return
        seen: list[Pulled] = []

        def well() -> bool:
            seen[:] = [self.ask()]
            return self.exact(seen[0])

        if not wait_for(well, RECOVER_S):
            self.troubles.append(f"does not get well again: {seen[0]}")
