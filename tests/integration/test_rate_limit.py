"""Unmodified clients that ask too much are told to wait, do so, and get everything."""

import pytest
from client import Client, add
from conftest import digests
from hub import Hub

FILES = {f"f{n}.txt": f"file {n}".encode() for n in range(8)}
WINDOW_S = 3


@pytest.fixture
def narrow_hub(own_hub, tmp_path) -> Hub:
    """A repository `acme/many`, then few requests for files in a short window."""
    hub = own_hub.start()
    owner = Client("hub-new", hub.endpoint, hub.user("acme"), tmp_path / "owner")
    owner.call("create_repo", repo_id="acme/many")
    files = [add(name, data) for name, data in FILES.items()]
    owner.call("create_commit", repo_id="acme/many", operations=files, commit_message="all")
    assert hub.stop() == 0
    hub.settings |= {"rate_limit.resolvers": 6, "rate_limit.window_s": WINDOW_S}
    return hub.start()


def test_client_recovers(narrow_hub, tmp_path):
    """Eight files are sixteen requests and more: three windows at least."""
    reader = Client("hub-new", narrow_hub.endpoint, None, tmp_path / "reader")
    folder = reader.call("snapshot_download", repo_id="acme/many", max_workers=1)
    assert len(digests(folder)) == len(FILES)
    assert "status=429" in narrow_hub.log.read_text()


def test_headers(narrow_hub):
    path = "/acme/many/resolve/main/f0.txt"
    replies = [narrow_hub.get(path, token=None) for _ in range(7)]
    assert [reply.status for reply in replies] == [200] * 6 + [429]
    first, last = replies[0].headers, replies[-1].headers
    assert first["RateLimit"].startswith('"resolvers";r=5;t=')
    assert first["RateLimit-Policy"] == f'"fixed window";"resolvers";q=6;w={WINDOW_S}'
    assert last["RateLimit"].startswith('"resolvers";r=0;t=')
    assert 1 <= int(last["Retry-After"]) <= WINDOW_S
    # Other callers and other routes go on.
    assert narrow_hub.get(path).status == 200
    assert "RateLimit" not in narrow_hub.get("/api/models/acme/many", token=None).headers
