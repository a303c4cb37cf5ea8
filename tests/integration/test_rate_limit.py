"""Unmodified clients that ask too much are told to wait, do so, and get everything."""

import pytest
import versions
from client import Client, ClientError, add
from conftest import digests
from hub import Hub

FILES = {f"f{n}.txt": f"file {n}".encode() for n in range(8)}
WINDOW_S = 3
WINDOWS = 4
# huggingface_hub reads the headers since 1.2; the newest one in every run, 2.x as of now.
AWARE = [name for name in ("hub-1.19", "hub-new") if name in (*versions.chosen(), "hub-new")]


def limited(hub, tmp_path, **limits) -> Hub:
    """A repository `acme/many`, then few requests in a short window."""
    hub = hub.start()
    owner = Client("hub-new", hub.endpoint, hub.user("acme"), tmp_path / "owner")
    owner.call("create_repo", repo_id="acme/many")
    files = [add(name, data) for name, data in FILES.items()]
    owner.call("create_commit", repo_id="acme/many", operations=files, commit_message="all")
    assert hub.stop() == 0
    hub.settings |= {f"rate_limit.{name}": value for name, value in limits.items()}
    return hub.start()


@pytest.fixture
def narrow_hub(own_hub, tmp_path) -> Hub:
    return limited(own_hub, tmp_path, resolvers=6, window_s=WINDOW_S)


@pytest.mark.parametrize("version", AWARE)
def test_client_recovers(narrow_hub, tmp_path, version):
    """Eight files are sixteen requests at most. Whoever waits as told is refused once a window."""
    reader = Client(version, narrow_hub.endpoint, None, tmp_path / "reader")
    folder = reader.call("snapshot_download", repo_id="acme/many", max_workers=1)
    assert len(digests(folder)) == len(FILES)
    assert 1 <= narrow_hub.log.read_text().count("status=429") <= WINDOWS


@pytest.mark.parametrize("version", AWARE)
def test_client_says_which_limit_and_for_how_long(own_hub, tmp_path, version):
    """What is not tried again tells its user what the headers said."""
    hub = limited(own_hub, tmp_path, api=1, window_s=300)
    reader = Client(version, hub.endpoint, None, tmp_path / "reader")
    assert reader.call("model_info", repo_id="acme/many")["id"] == "acme/many"
    with pytest.raises(ClientError) as error:
        reader.call("model_info", repo_id="acme/many")
    assert error.value.status == 429
    assert "reached your 'api' rate limit" in error.value.text
    assert "Retry after" in error.value.text and "0/1 requests remaining" in error.value.text


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
