"""Bugs that hubs and registries of this kind have had, each a test named after its origin.

The order is RELIABILITY 3.6's. Where a line says that the feature does not exist yet, whoever
adds the feature adds the test.

 1  Nexus CVE-2024-4956, encoded slashes        test_nexus_2024_4956_encoded_slashes
 2  Artifactory, filter and router differ       test_artifactory_filter_and_router_agree
 3  Artifactory CVE-2026-82329, admin token     test_artifactory_2026_82329_no_token_for_nobody
 4  MinIO CVE-2023-28432, environment           test_minio_2023_28432_environment_stays_inside
 5  MinIO CVE-2023-28433, backslash             test_minio_2023_28433_backslash_in_names
 6  MinIO CVE-2023-28434, another bucket        test_minio_2023_28434_checked_name_is_written_name
 7  Harbor CVE-2022-31667, CVE-2019-16919       test_harbor_2022_31667_no_token_makes_a_stronger_one
 8  Harbor CVE-2026-4404, default password      test_harbor_2026_4404_no_default_credentials
 9  Harbor #23675, trust by a name's prefix     test_harbor_23675_names_grant_nothing
10  Gitea CVE-2026-28740, Gogs GHSA-6p9m-q3jp-47h4, LFS objects of other repositories
                                                test_gitea_2026_28740_lfs_of_other_repositories
11  Gitea CVE-2026-58423, unknown sub-verbs     test_gitea_2026_58423_unknown_operations
12  Nexus CVE-2022-27907, CVE-2026-0600, SSRF   no upstream yet
13  Nexus CVE-2026-3199, end of the index's engine
                                                test_faults.py::test_rebuilt_index_changes_no_answer
14  NEXUS-31354, HEAD kept as a file            test_nexus_31354_head_is_not_kept
15  NEXUS-18352, quarantine for ever            no quarantine yet
16  git-lfs CVE-2024-53263, control characters  test_git_lfs_2024_53263_control_characters
17  go-git CVE-2023-49569, hostile server       no git client yet
18  llama.cpp, Ollama CVE-2026-7482, loaders    test_ollama_2026_7482_lying_headers_are_only_bytes,
                                                tests/fuzz/gguf_header_fuzz.cc
19  Gated files by a shared cache or an old link (Hub's own rule, HUB_API 2.2)
                                                tests/daemon/auth/file_access_test.cc
"""

import base64
import hashlib
import json
import os
import stat
import struct
import subprocess

import pytest
from hub import binary

NDJSON = {"Content-Type": "application/x-ndjson"}
ADMIN_ROUTES = [
    ("GET", "/api/waag/v1/users"), ("POST", "/api/waag/v1/users"),
    ("GET", "/api/waag/v1/tokens"), ("POST", "/api/waag/v1/tokens"),
    ("GET", "/api/waag/v1/status"), ("DELETE", "/api/waag/v1/users/admin"),
]


@pytest.fixture(scope="module")
def stranger(hub):
    return hub.user("stranger")


@pytest.fixture(scope="module")
def secret(hub, owner):
    """A private repository of acme with one regular and one LFS file, and the latter's bytes."""
    body = {"name": "secret", "organization": "acme", "private": True}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    data = os.urandom(5000)
    put_lfs(hub, owner, "acme/secret", "w.bin", data)
    return data


def batch(hub, token, repo, data, operation):
    sha256 = hashlib.sha256(data).hexdigest()
    body = {"operation": operation, "objects": [{"oid": sha256, "size": len(data)}]}
    path = f"/{repo}.git/info/lfs/objects/batch"
    return hub.request("POST", path, token=token, json_body=body)


def commit_lfs(hub, token, repo, path, data):
    value = {"path": path, "algo": "sha256", "oid": hashlib.sha256(data).hexdigest(),
             "size": len(data)}
    lines = [{"key": "header", "value": {"summary": "c"}}, {"key": "lfsFile", "value": value}]
    body = "\n".join(map(json.dumps, lines)).encode()
    target = f"/api/models/{repo}/commit/main"
    return hub.request("POST", target, token=token, body=body, headers=NDJSON)


def put_lfs(hub, token, repo, path, data):
    action = batch(hub, token, repo, data, "upload").json()["objects"][0]["actions"]["upload"]
    assert hub.request("PUT", action["href"], token=None, body=data).status == 200
    assert commit_lfs(hub, token, repo, path, data).status == 200


@pytest.mark.parametrize(
    "path",
    ["/%2F%2F%2F%2Fetc%2Fpasswd", "/%2F..%2F..%2Fetc/passwd", "/..%2f..%2fetc%2fpasswd",
     "/{repo}/resolve/main/%2Fetc%2Fpasswd", "/{repo}/resolve/main/..%2F..%2F..%2Fetc%2Fpasswd",
     "/{repo}/resolve/main/%2e%2e/%2e%2e/etc/passwd", "/{repo}/raw/main/..%252f..%252fetc/passwd",
     "/{repo}/resolve/..%2F..%2Fadmin.token/x", "/api/models/{repo}/tree/main/%2F..%2F"],
)
def test_nexus_2024_4956_encoded_slashes(hub, repo, path):
    reply = hub.get(path.replace("{repo}", repo))
    assert reply.status in (400, 404)
    assert b"root:" not in reply.body and hub.token.encode() not in reply.body


@pytest.mark.parametrize(
    "path",
    ["/api/models/acme%2Fsecret", "/api//models/acme/secret", "/api/models//acme/secret",
     "/api/models/./acme/secret", "/api/models/x/../acme/secret", "/api/models/acme/secret/",
     "/api/models/acme/secret;x=1", "/api/models/acme/secret%00", "/API/models/acme/secret",
     "/api/models/ACME/SECRET", "/api/models/acme/secret?private=false",
     "/api/models/acme/secret.git", "/acme/secret/resolve//main/w.bin",
     "/acme/secret/resolve/main/w.bin?download=true", "/models/acme/secret/resolve/main/w.bin",
     "/api/resolve-cache/models/acme/secret/main/w.bin", "/acme%2Fsecret/resolve/main/w.bin",
     "//acme/secret/resolve/main/w.bin", "/datasets/../acme/secret/resolve/main/w.bin"],
)
def test_artifactory_filter_and_router_agree(hub, secret, stranger, path):
    """However a private repository is spelt, it is not there for who may not see it."""
    for token in (None, stranger):
        for method in ("GET", "HEAD"):
            reply = hub.request(method, path, token=token)
            assert reply.status in (400, 401, 404), (path, reply.status)
            assert secret not in reply.body


@pytest.mark.parametrize("method,path", ADMIN_ROUTES)
def test_artifactory_2026_82329_no_token_for_nobody(own_hub, method, path):
    """As it comes out of the box, before anybody was set up."""
    hub = own_hub.start()
    bodies = [b"", b"{}", b'{"name":"x","role":"admin","user":"admin"}']
    for token in (None, "", "admin", "hf_", "hf_" + "0" * 61):
        for body in bodies:
            headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
            reply = hub.request(method, path, token=None, body=body, headers=headers)
            assert reply.status == 401, (token, body, reply.body)


def test_minio_2023_28432_environment_stays_inside(own_hub, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-in-the-environment")
    monkeypatch.setenv("MINIO_ROOT_PASSWORD", "planted-in-the-environment")
    hub = own_hub.start()
    replies = [
        hub.request(method, path, token=token, body=body)
        for path in ("/healthz", "/readyz", "/metrics", "/api/models", "/api/waag/v1/status",
                     "/minio/health/cluster", "/minio/bootstrap/v1/verify", "/debug/vars", "/env",
                     "/api/validate-yaml", "/%24%7Benv%3AAWS_SECRET_ACCESS_KEY%7D")
        for method, body in (("GET", None), ("POST", b"${AWS_SECRET_ACCESS_KEY}"))
        for token in ("", None)
    ]
    shown = subprocess.run(
        [binary("waagd"), "--print-config", "--data", hub.data], capture_output=True, timeout=30
    )
    for text in [*(reply.body for reply in replies), shown.stdout, hub.log.read_bytes()]:
        assert b"planted-in-the-environment" not in text


@pytest.mark.parametrize("path", ["..\\..\\x", "a\\b", "\\\\host\\x", "a\\..\\..\\admin.token"])
def test_minio_2023_28433_backslash_in_names(hub, owner, repo, path):
    value = {"path": path, "content": "x", "encoding": "utf-8"}
    lines = [{"key": "header", "value": {"summary": "c"}}, {"key": "file", "value": value}]
    body = "\n".join(map(json.dumps, lines)).encode()
    target = f"/api/models/{repo}/commit/main"
    assert hub.request("POST", target, token=owner, body=body, headers=NDJSON).status == 422
    encoded = path.replace("\\", "%5C")
    assert hub.get(f"/{repo}/resolve/main/{encoded}").status in (400, 404)


@pytest.mark.parametrize(
    "body",
    [{"name": "acme/planted", "organization": "stranger"},
     {"name": "planted", "organization": "acme"}, {"name": "acme/planted"},
     {"name": "stranger/../acme/planted"}, {"name": "planted", "organization": "stranger/../acme"},
     {"name": "planted", "organization": "acme\0"}, {"name": "planted", "organization": "Acme"}],
)
def test_minio_2023_28434_checked_name_is_written_name(hub, owner, stranger, body):
    """Two fields may name the namespace: what is checked is what is made."""
    hub.request("POST", "/api/repos/create", token=stranger, json_body=body)
    assert hub.get("/api/models/acme/planted", token=owner).status == 404


def test_minio_2023_28434_checked_name_is_deleted_name(hub, owner, repo, stranger):
    ns, name = repo.split("/")
    for body in ({"name": repo, "organization": "stranger"}, {"name": repo},
                 {"name": name, "organization": ns}, {"name": f"stranger/../{repo}"}):
        reply = hub.request("DELETE", "/api/repos/delete", token=stranger, json_body=body)
        assert 400 <= reply.status < 500, body
    assert hub.get(f"/api/models/{repo}", token=owner).status == 200


def test_harbor_2022_31667_no_token_makes_a_stronger_one(hub, owner, stranger):
    reader = hub.cli("token", "create", "r", "--user", "stranger", "--role", "read")["token"]
    for token, wish in (
        (reader, {"name": "x", "role": "write"}), (stranger, {"name": "x", "role": "admin"}),
        (stranger, {"name": "x", "role": "read", "user": "acme"}),
        (stranger, {"name": "x", "role": "read", "user": "admin"}),
    ):
        reply = hub.request("POST", "/api/waag/v1/tokens", token=token, json_body=wish)
        assert reply.status == 403, wish
    for wish in ({"name": "more", "admin": True}, {"name": "stranger", "admin": True}):
        reply = hub.request("POST", "/api/waag/v1/users", token=stranger, json_body=wish)
        assert reply.status == 403
    mine = hub.request("GET", "/api/waag/v1/tokens?user=acme", token=stranger)
    assert mine.status == 403 or all(row["user"] == "stranger" for row in mine.json())


def test_harbor_2026_4404_no_default_credentials(own_hub):
    hub = own_hub.start()
    assert stat.S_IMODE((hub.data / "admin.token").stat().st_mode) == 0o600
    for name in ("admin", "root", "waag", "harbor"):
        for password in ("", name, "admin", "password", "Harbor12345", "changeme", "waag"):
            pair = base64.b64encode(f"{name}:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {pair}"}
            reply = hub.get("/api/whoami-v2", token=None, headers=headers)
            assert reply.status == 401, (name, password)
    assert hub.token not in hub.log.read_text()


@pytest.mark.parametrize(
    "name", ["scanner-x", "robot_x", "admin2", "root-x", "hub-admin", "mirror", "auditor"]
)
def test_harbor_23675_names_grant_nothing(hub, secret, name):
    token = hub.user(name)
    assert hub.get("/api/waag/v1/users", token=token).status == 403
    assert hub.get("/api/models/acme/secret", token=token).status == 404
    assert hub.get("/acme/secret/resolve/main/w.bin", token=token).status == 404
    body = {"name": "x", "organization": "acme"}
    assert hub.request("POST", "/api/repos/create", token=token, json_body=body).status == 403


def test_gitea_2026_28740_lfs_of_other_repositories(hub, secret, stranger):
    """Whoever knows the hash of a private object gets neither the bytes nor a yes."""
    body = {"name": "thief"}
    assert hub.request("POST", "/api/repos/create", token=stranger, json_body=body).status == 200
    unknown = os.urandom(len(secret))
    for data in (secret, unknown):
        refused = commit_lfs(hub, stranger, "stranger/thief", "stolen.bin", data)
        assert refused.status == 400, refused.body
        asked = batch(hub, stranger, "stranger/thief", data, "download").json()["objects"][0]
        assert asked["error"]["code"] == 404 and "actions" not in asked
        offered = batch(hub, stranger, "stranger/thief", data, "upload").json()["objects"][0]
        verify = offered["actions"]["verify"]
        claim = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
        said = hub.request("POST", verify["href"], token=None, json_body=claim)
        assert said.status == 404, "it said that it holds the object"
        assert batch(hub, stranger, "acme/secret", data, "download").status == 404
    assert hub.get("/stranger/thief/resolve/main/stolen.bin", token=stranger).status == 404


@pytest.mark.parametrize("operation", ["", "UPLOAD", "delete", "upload ", "verify", None, 1, []])
def test_gitea_2026_58423_unknown_operations(hub, secret, owner, stranger, operation):
    body = {"operation": operation,
            "objects": [{"oid": hashlib.sha256(secret).hexdigest(), "size": len(secret)}]}
    path = "/acme/secret.git/info/lfs/objects/batch"
    for token in (owner, stranger, None):
        reply = hub.request("POST", path, token=token, json_body=body)
        assert reply.status in (400, 401, 404, 422)
        assert b"href" not in reply.body


@pytest.mark.parametrize(
    "part", ["objects", "objects/batch/x", "objects/" + "0" * 64, "locks/force", "batch", ""]
)
def test_gitea_2026_58423_unknown_lfs_routes(hub, secret, stranger, part):
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        body = b"{}" if method != "GET" else None
        reply = hub.request(method, f"/acme/secret.git/info/lfs/{part}", token=stranger, body=body)
        assert 400 <= reply.status < 500
        assert secret not in reply.body and b"href" not in reply.body


def test_nexus_31354_head_is_not_kept(hub, owner, repo):
    data = os.urandom(100_000)
    put_lfs(hub, owner, repo, "a.bin", data)
    for name, status in (("a.bin", 200), ("b.bin", 404)):
        head = hub.request("HEAD", f"/{repo}/resolve/main/{name}")
        assert (head.status, head.body) == (status, b"")
    assert hub.get(f"/{repo}/resolve/main/a.bin").body == data
    assert hub.get(f"/{repo}/resolve/main/b.bin").status == 404
    tree = hub.get(f"/api/models/{repo}/tree/main").json()
    assert {row["path"]: row["size"] for row in tree}["a.bin"] == len(data)


@pytest.mark.parametrize("evil", ["%0d%0aSet-Cookie:%20a=b", "%0a", "%00", "%1b%5b2J", "%7f"])
def test_git_lfs_2024_53263_control_characters(hub, owner, repo, evil):
    ns, name = repo.split("/")
    for method, path in (
        ("GET", f"/{ns}/{name}{evil}/resolve/main/x"), ("GET", f"/{repo}/resolve/main/x{evil}"),
        ("GET", f"/{repo}/resolve/main{evil}/x"), ("GET", f"/api/models/{repo}?expand={evil}"),
        ("POST", f"/{ns}/{name}{evil}.git/info/lfs/objects/batch"),
    ):
        reply = hub.request(method, path, token=owner, body=b"{}" if method == "POST" else None)
        assert 400 <= reply.status < 500
        assert "Set-Cookie" not in reply.headers
        assert not any(ord(c) < 0x20 for _, value in reply.headers.items() for c in value)


WILD_TENSOR = struct.pack("<Q1sI4QIQ", 1, b"w", 4, *[1 << 62] * 4, 0, 1 << 63)


def lying_gguf(tensors: int, values: int, tail: bytes = b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, values) + tail


@pytest.mark.parametrize(
    "name,data",
    [("tensors.gguf", lying_gguf(1 << 60, 0)), ("values.gguf", lying_gguf(0, 1 << 63)),
     ("text.gguf", lying_gguf(1, 1, struct.pack("<Q", (1 << 64) - 1))), ("cut.gguf", b"GGUF"),
     ("offset.gguf", lying_gguf(1, 0, WILD_TENSOR)),
     ("huge.safetensors", struct.pack("<Q", (1 << 64) - 1)),
     ("deep.safetensors", struct.pack("<Q", 100_000) + b"[" * 100_000),
     ("beyond.safetensors",
      struct.pack("<Q", 60) + b'{"w":{"dtype":"F32","shape":[9],"data_offsets":[0,999999]}} ')],
)
def test_ollama_2026_7482_lying_headers_are_only_bytes(hub, owner, repo, name, data):
    """No header is believed beyond the file's end; what was sent comes back, nothing more."""
    put_lfs(hub, owner, repo, name, data)
    assert hub.get(f"/{repo}/resolve/main/{name}").body == data
    assert hub.get(f"/api/models/{repo}").status == 200
    assert hub.get("/readyz", token=None).status == 200
