"""TLS and proxies on the way up; several upstreams, of which not all are believed."""

import certificate
import pytest
from connect_proxy import ConnectProxy
from imposter import ATTRIBUTES, Imposter, Lfs, actions, safetensors
from imposter.faults import Fault
from imposter.server import FOREIGN
from mirrors import GATEWAY, allowed, mirror_of, pull, resolve, wait_for

WEIGHTS = Lfs(safetensors("upstreams", 700_000))
FILES = {".gitattributes": ATTRIBUTES, "a.txt": b"a\n", "model.safetensors": WEIGHTS}
REPO = "acme/one"
BAD_BYTES = Fault("wrong", actions.flip(0.5), wants="body")
DOWN = Fault("down", actions.status(500))


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    return certificate.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(tmp_path, signed):
    with Imposter(tmp_path / "secure", signed) as made:
        made.repo(REPO).commit(FILES)
        yield made


@pytest.fixture
def second(tmp_path, upstream):
    """With the file server of the same authority as that of `upstream`."""
    with Imposter(tmp_path / "second", authority=upstream.certificate) as made:
        yield made


def both(upstream, second) -> dict:
    """Settings of a hub that asks them in this order."""
    hosts = [":".join(map(str, one.addresses["cdn"])) for one in (upstream, second)]
    return {"upstream.urls": f"{upstream.endpoint},{second.endpoint}",
            "upstream.redirect_hosts": ", ".join(hosts)}


@pytest.fixture
def follow(tmp_path):
    """follow(upstream, **settings) -> a running hub behind it, with scaled time-outs."""
    made = []

    def start(upstream, **settings):
        made.append(mirror_of(upstream, tmp_path / f"hub{len(made)}", scaled=True, **settings))
        return made[-1].start()

    yield start
    for hub in made:
        hub.kill()


def is_whole(hub, repo=REPO) -> bool:
    answers = {path: pull(hub, resolve(repo, path)) for path in FILES}
    return all(answers[path].ok and answers[path].body == content_of(FILES[path])
               for path in FILES)


def content_of(content) -> bytes:
    return content.data if isinstance(content, Lfs) else content


def test_a_private_ca(secure, follow):
    assert is_whole(follow(secure))


def test_an_unknown_ca_is_refused(secure, follow):
    hub = follow(secure, upstream__ca_file="")
    answer = pull(hub, f"/api/models/{REPO}")
    assert answer.status in GATEWAY and answer.seconds < 8, answer
    assert secure.ledger.entries == []


def test_a_certificate_for_another_host_is_refused(secure, follow):
    url = f"https://{FOREIGN}:{secure.addresses['foreign'][1]}"
    hub = follow(secure, **{**allowed(secure, "foreign"), "upstream.urls": url})
    assert pull(hub, f"/api/models/{REPO}").status in GATEWAY
    assert secure.ledger.entries == []


def test_a_redirect_does_not_leave_tls(secure, second, follow):
    second.repo(REPO).commit(FILES)
    hub = follow(secure)
    secure.repo(REPO).git_open = False
    assert pull(hub, f"/api/models/{REPO}").ok
    plain = f"{second.endpoint}/{REPO}/resolve/main/a.txt"
    secure.plant(Fault("plain", actions.redirect(plain)), "resolve")
    answer = pull(hub, resolve(REPO, "model.safetensors"))
    assert answer.status in GATEWAY or answer.body == WEIGHTS.data, answer
    assert second.ledger.entries == []


def test_by_a_proxy(secure, follow):
    ways = [f"{host}:{port}" for host, port in secure.addresses.values()]
    with ConnectProxy({way: way for way in ways}) as proxy:
        hub = follow(secure, upstream__proxy=proxy.url)
        assert is_whole(hub)
    # Without the proxy there is no way.
    secure.repo("acme/late").commit(FILES)
    assert pull(hub, "/api/models/acme/late").status in GATEWAY


def test_what_only_the_second_has(upstream, second, follow):
    second.repo(REPO).commit(FILES)
    hub = follow(upstream, **both(upstream, second))
    assert is_whole(hub)


def test_a_name_is_not_the_seconds_while_the_first_is_down(upstream, second, follow):
    """The first may be the one that has it."""
    second.repo(REPO).commit(FILES)
    upstream.set_mode("refuse")
    hub = follow(upstream, **both(upstream, second))
    assert pull(hub, f"/api/models/{REPO}").status in GATEWAY


def test_the_first_comes_first(upstream, second, follow):
    for one in (upstream, second):
        one.repo(REPO).commit(FILES)
    hub = follow(upstream, **both(upstream, second))
    assert is_whole(hub)
    assert second.ledger.entries == []


@pytest.mark.parametrize("fault", [BAD_BYTES, DOWN], ids=lambda fault: fault.name)
def test_bytes_of_the_second_when_those_of_the_first_are_no_good(upstream, second, follow, fault):
    for one in (upstream, second):
        one.repo(REPO).commit(FILES)
    upstream.plant(fault, "cdn")
    hub = follow(upstream, **both(upstream, second))
    path = resolve(REPO, "model.safetensors")
    first = pull(hub, path)
    assert first.status in (200, *GATEWAY)
    assert not first.ok or first.body == WEIGHTS.data
    assert wait_for(lambda: pull(hub, path).body == WEIGHTS.data, 10)
    assert second.ledger.sent_bytes(WEIGHTS.oid) > 0


def test_metadata_of_one_that_is_not_trusted_is_not_believed(upstream, second, follow):
    commit = upstream.repo(REPO).commit(FILES)
    second.repo(REPO).commit({**FILES, "a.txt": b"forged\n"})
    second.repo("acme/theirs").commit(FILES)
    hub = follow(upstream, upstream__trusted=upstream.endpoint, **both(second, upstream))
    assert pull(hub, f"/api/models/{REPO}").json()["sha"] == commit
    assert is_whole(hub)
    assert pull(hub, "/api/models/acme/theirs").status in (401, 404)
    upstream.set_mode("refuse")
    upstream.repo("acme/new").commit(FILES)
    second.repo("acme/new").commit(FILES)
    assert pull(hub, "/api/models/acme/new").status in GATEWAY
