"""Whose token goes where, who may start a pull, and what a caller may see of it."""

import pytest
from imposter import ATTRIBUTES, Lfs, actions, safetensors, seeded
from imposter.faults import Fault
from mirrors import GATEWAY, allowed, pull, resolve

TOKEN = "hf_" + "u" * 37
THEIRS = "hf_" + "c" * 40
WEIGHTS = Lfs(safetensors("trust", 400_000))
FILES = {".gitattributes": ATTRIBUTES, "a.txt": b"a\n", "model.safetensors": WEIGHTS}


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "upstream.token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


def secrets_sent(upstream) -> set:
    """(port, what stood in Authorization) of all requests."""
    return {(entry.port, entry.headers.get("authorization", ""))
            for entry in upstream.ledger.entries}


def test_a_callers_token_stays_here(upstream, new_mirror):
    upstream.repo("acme/open").commit(FILES)
    hub = new_mirror()
    for path in FILES:
        assert pull(hub, resolve("acme/open", path), token=THEIRS).ok
        assert pull(hub, resolve("acme/open", path), token=hub.token).ok
    assert pull(hub, f"/api/models/acme/open?token={THEIRS}", token=hub.token).ok
    assert {secret for _, secret in secrets_sent(upstream)} == {""}
    assert not any(THEIRS in entry.target for entry in upstream.ledger.entries)
    assert not any(name in entry.headers for entry in upstream.ledger.entries
                   for name in ("cookie", "x-forwarded-for", "forwarded"))


def test_our_token_goes_to_the_upstream_alone(upstream, new_mirror, token_file):
    upstream.tokens.add(TOKEN)
    repo = upstream.repo("acme/gated")
    repo.commit(FILES)
    repo.gated = True
    hub = new_mirror(upstream__token_file=token_file)
    reader = hub.user("reader")
    refused = pull(hub, resolve("acme/gated", "a.txt"), token=reader)
    assert (refused.status, refused.headers["X-Error-Code"]) == (403, "GatedRepo")
    # Who is let in is decided here.
    asked = hub.request("POST", "/acme/gated/ask-access", token=reader, json_body={})
    assert asked.json() == {"status": "accepted"}, asked.body
    for path, content in FILES.items():
        answer = pull(hub, resolve("acme/gated", path), token=reader)
        assert answer.ok, (path, answer)
        assert answer.body == (content.data if isinstance(content, Lfs) else content)
    sent = secrets_sent(upstream)
    assert ("hub", f"Bearer {TOKEN}") in sent or any(
        port == "hub" and secret.startswith("Basic ") for port, secret in sent)
    assert {secret for port, secret in sent if port != "hub"} == {""}
    assert TOKEN not in hub.log.read_text()


def test_what_our_token_opens_is_not_open_to_all(upstream, new_mirror, token_file):
    upstream.tokens.add(TOKEN)
    for name, field in (("acme/gated", "gated"), ("acme/secret", "private")):
        repo = upstream.repo(name)
        repo.commit({**FILES, "only.txt": name.encode()})
        setattr(repo, field, True)
    hub = new_mirror(upstream__token_file=token_file)
    for _ in range(2):
        for name in ("acme/gated", "acme/secret"):
            answer = pull(hub, resolve(name, "only.txt"))
            assert answer.status in (401, 403, 404), (name, answer)
            assert name.encode() != answer.body
            pull(hub, resolve(name, "only.txt"), token=hub.token)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_foreign_host_is_not_followed(upstream, new_mirror, token_file, code):
    upstream.tokens.add(TOKEN)
    upstream.repo("acme/open").commit(FILES)
    upstream.repo("acme/open").git_open = False
    hub = new_mirror(scaled=True, upstream__token_file=token_file)
    fault = Fault("away", actions.redirect("{foreign}{target}", code))
    for place in ("resolve", "api"):
        planted = upstream.plant(fault, place)
        answer = pull(hub, resolve("acme/open", "a.txt"))
        assert answer.status in GATEWAY or answer.body == b"a\n", answer
        upstream.heal(planted)
    assert [entry for entry in upstream.ledger.entries if entry.port == "foreign"] == []


def test_a_foreign_host_that_is_allowed_gets_no_token(upstream, new_mirror, token_file):
    upstream.tokens.add(TOKEN)
    upstream.repo("acme/open").commit(FILES)
    hub = new_mirror(upstream__token_file=token_file, **allowed(upstream, "foreign"))
    path = f"{{foreign}}/repos/aa/bb/{WEIGHTS.oid}?Signature=for-this-url-only"
    upstream.plant(Fault("away", actions.redirect(path)), "resolve")
    answer = pull(hub, resolve("acme/open", "model.safetensors"))
    assert answer.ok and answer.body == WEIGHTS.data
    foreign = [entry for entry in upstream.ledger.entries if entry.port == "foreign"]
    assert foreign and not any("authorization" in entry.headers for entry in foreign)


@pytest.mark.parametrize("who,anonymous,user", [("users", False, True), ("admins", False, False)])
def test_who_may_start_a_pull(upstream, new_mirror, who, anonymous, user):
    for name in ("acme/one", "acme/two", "acme/three"):
        upstream.repo(name).commit({**FILES, "name.txt": name.encode()})
    hub = new_mirror(mirror__pull_through=who)
    token = hub.user("reader", role="read")
    assert pull(hub, "/api/models/acme/one").ok is anonymous
    assert pull(hub, "/api/models/acme/two", token=token).ok is user
    assert pull(hub, "/api/models/acme/three", token=hub.token).ok
    # What is here is everybody's.
    assert pull(hub, "/api/models/acme/three").ok


def test_nobody_writes_into_a_mirror_of_another(upstream, new_mirror):
    upstream.repo("acme/open").commit(FILES)
    hub = new_mirror()
    assert pull(hub, "/api/models/acme/open").ok
    token = hub.user("acme")
    body = b'{"key":"header","value":{"summary":"x"}}\n' \
           b'{"key":"file","value":{"path":"x.txt","content":"eA==","encoding":"base64"}}'
    reply = hub.request("POST", "/api/models/acme/open/commit/main", token=token, body=body,
                        headers={"Content-Type": "application/x-ndjson"})
    assert reply.status in (401, 403), reply.body
    assert pull(hub, resolve("acme/open", "x.txt")).status == 404


def test_encodings_are_not_asked_for(upstream, new_mirror):
    upstream.repo("acme/open").commit(FILES)
    hub = new_mirror()
    for path in FILES:
        assert pull(hub, resolve("acme/open", path), Accept_Encoding="gzip, br").ok
    asked = {entry.headers.get("accept-encoding", "identity") for entry in upstream.ledger.entries
             if entry.place in ("resolve", "cdn")}
    assert asked == {"identity"}


def test_who_goes_on_after_wrong_bytes_gets_all_of_it(upstream, new_mirror):
    """A client that was cut off keeps what it has and asks for the rest: it may be wrong."""
    weights = Lfs(seeded("wrong once", 3_000_000))
    commit = upstream.repo("acme/open").commit({"w.bin": weights})
    hub = new_mirror(scaled=True)
    path = resolve("acme/open", "w.bin", commit)
    planted = upstream.plant(Fault("wrong", actions.flip(0.1), wants="body"), "cdn")
    first = pull(hub, path)
    assert first.end == "cut" or first.status in GATEWAY, first
    upstream.heal(planted)
    rest = pull(hub, path, Range="bytes=1000000-")
    assert rest.status == 200 and rest.body == weights.data, rest
    part = pull(hub, path, Range="bytes=1000000-1000099")
    assert part.status == 206 and part.body == weights.data[1_000_000:1_000_100]
