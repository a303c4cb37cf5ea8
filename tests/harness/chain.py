"""Three programs in a row: a hub, a relay that counts and goes wrong on order, and a follower."""

import pathlib

from client import Client
from hub import Hub
from imposter.relay import Relay
from mirrors import mirror_of


class Chain:
    """origin (a real hub) <- relay (counts, and goes wrong on order) <- hub (follows it)."""

    def __init__(self, folder: pathlib.Path, scaled: bool = False):
        self.folder = folder
        self.origin = Hub(folder / "origin").start()
        self.relay = Relay(folder / "relay", self.origin.address)
        self.relay.__enter__()
        self.hub = mirror_of(self.relay, folder / "hub", scaled).start()
        # Not the admin, as the follower has a namespace of that name of its own.
        self.owner = self.origin.user("acme")
        self.client = Client("hub-new", self.origin.endpoint, self.owner, folder / "home",
                             xet=True)

    def __enter__(self) -> "Chain":
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.hub.kill()
        self.relay.__exit__()
        self.origin.kill()

    def push(self, repo: str, name: str, data: bytes) -> tuple[str, str]:
        """Uploads by Xet; (repository, commit)."""
        path = self.folder / "pushed.bin"
        path.write_bytes(data)
        made = self.client.call("create_repo", repo_id=repo, exist_ok=True)
        repo = made.removeprefix(self.origin.endpoint + "/")
        done = self.client.call("upload_file", repo_id=repo, path_in_repo=name,
                                path_or_fileobj=str(path))
        return repo, done["oid"]

    def xorb_bytes(self) -> int:
        ledger = self.relay.ledger
        return ledger.sent_bytes(*[key for key in ledger.sent if "/data/" in key])
