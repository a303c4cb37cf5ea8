"""What broke third-party hubs (HUB_API 11): number -> the test that keeps it from breaking here.

 1  Content-Length on HEAD          test_read.py::test_head_of_a_branch_is_pinned
 2  X-Repo-Commit                   test_read.py::test_head_of_a_branch_is_pinned
 3  optional files                  test_03_a_missing_file_is_only_that
 4  RepoNotFound over http          test_read.py::test_error_codes
 5  409 with url                    test_05_06_second_creation_has_the_url
 6  url on the client's host        test_05_06_second_creation_has_the_url
 7  validate-yaml                   test_write.py::test_readme_with_metadata
 8  whole preupload rows            test_08_preupload_rows_are_whole
 9  no null actions, no null error  test_09_39_lfs_objects_have_no_nulls
10  PUT without Authorization       test_lfs.py::test_basic_then_known
11  hrefs behind a TLS proxy        test_11_hrefs_are_public
12  whole multipart replies         test_lfs.py::test_multipart_in_any_order
13  dates                           test_13_dates
14  absolute Link                   test_14_15_pages
15  no Link on the last page        test_14_15_pages
16  one commit a snapshot           test_read.py::test_pinned_url_keeps_old_bytes
17  ETag is the file's hash         test_read.py::test_regular_file_has_its_git_id_as_etag
18  no foreign Xet hash             test_18_xet_is_said_everywhere_or_nowhere
19  files over 50 GB                a guard in the client; Xet will lift it
20  size tricks                     none are played
21  upstream down is not 404        no upstream yet
22  cold files within 10 s          no upstream yet
23  readers follow a fill           no upstream yet
24  branches with a slash           test_24_26_slashes_in_revisions_and_paths
25  odd names                       test_read.py::test_odd_names
26  tree/main/a%2Fb                 test_24_26_slashes_in_revisions_and_paths
27  short ids, case                 test_27_short_ids; test_read.py::test_short_hash_and_case
28  proxies that decode %2F         a setting of the proxy
29  proxies that compress           test_29_nobody_may_transform
30  llama.cpp needs refs and tree   test_30_refs_and_whole_tree
31  hf.js needs EntryNotFound       test_03_a_missing_file_is_only_that
32  CORS                            test_32_browsers_see_the_headers
33  no redirect to another host     test_27_short_ids
34  secrets in logs                 test_34_no_secret_in_the_log
35  tokens of the real Hub          test_read.py::test_unknown_token_reads_as_anonymous
36  large commit bodies             test_commit_limits.py
37  revisions None and HEAD         test_37_none_and_head
38  routes of old clients           test_38_old_routes_are_json
39  "error": null                   test_09_39_lfs_objects_have_no_nulls
40  presence tells nothing          test_past_bugs.py::test_gitea_2026_28740_...
41  real sizes of LFS files         test_41_42_trees
42  folders in recursive trees      test_41_42_trees
43  private is always said          test_43_private_is_always_said
44  keep-alive                      test_44_connections_are_kept
45  Expect: 100-continue            test_45_expectations_are_met
46  HTTP/1.1 and 1.0                test_46_http_1_0_and_1_1
47  HEAD where GET is               test_47_head_where_get_is
48  whole sub-objects               test_48_sub_objects_are_whole
49  reserved names of Windows       test_49_50_names_are_taken_as_documented
50  case twins                      test_49_50_names_are_taken_as_documented
"""

import contextlib
import hashlib
import http.client
import json
import re
import socket

import pytest
from client import ClientError, add, as_bytes

NDJSON = {"Content-Type": "application/x-ndjson"}
LFS_DATA = bytes(range(256)) * 20


@pytest.fixture(scope="module")
def files(hub, owner, homes):
    """acme/pitfalls: a regular file, an LFS file, folders, a branch with a slash. Its head."""
    from client import Client

    body = {"name": "pitfalls", "organization": "acme"}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    writer = Client("hub-new", hub.endpoint, owner, homes / "pitfalls")
    operations = [add("a.txt", b"a\n"), add("f/b.txt", b"b\n"), add("f/g/w.bin", LFS_DATA)]
    head = writer.call(
        "create_commit", repo_id="acme/pitfalls", operations=operations, commit_message="all"
    )["oid"]
    writer.call("create_branch", repo_id="acme/pitfalls", branch="feat/x")
    return head


API = "/api/models/acme/pitfalls"
WEB = "/acme/pitfalls"


def test_03_a_missing_file_is_only_that(hub, files, client, repo):
    reply = hub.request("HEAD", f"{WEB}/resolve/main/adapter_config.json", token=None)
    assert reply.status == 404
    assert reply.headers["X-Error-Code"] == "EntryNotFound"
    assert reply.headers["X-Repo-Commit"] == files
    assert client.call("file_exists", repo_id="acme/pitfalls", filename="a.txt") is True
    assert client.call("file_exists", repo_id="acme/pitfalls", filename="b.txt") is False
    with pytest.raises(ClientError) as raised:
        client.call("hf_hub_download", repo_id="acme/pitfalls", filename="b.txt")
    assert "EntryNotFound" in raised.value.kind


def test_05_06_second_creation_has_the_url(hub, client, owner):
    name = f"acme/twice-{client.version}".replace(".", "-")
    first = client.call("create_repo", repo_id=name)
    assert client.call("create_repo", repo_id=name, exist_ok=True) == first
    assert first == f"{hub.endpoint}/{name}"
    body = {"name": name.split("/")[1], "organization": "acme"}
    again = hub.request(
        "POST", "/api/repos/create", token=owner, json_body=body, headers={"Host": "hub.example:81"}
    )
    assert (again.status, again.json()["url"]) == (409, f"http://hub.example:81/{name}")


def test_08_preupload_rows_are_whole(hub, files, owner):
    names = ["a.txt", "new.bin", ".gitattributes", "f/g/w.bin"]
    body = {"files": [{"path": name, "sample": "AA==", "size": 1} for name in names]}
    reply = hub.request("POST", f"{API}/preupload/main", token=owner, json_body=body).json()
    assert [row["path"] for row in reply["files"]] == names
    for row in reply["files"]:
        assert row["uploadMode"] in ("regular", "lfs")
        assert row["shouldIgnore"] is False
    assert reply["commitOid"] == files


def lfs_batch(hub, token, operation, headers=None):
    oid = hashlib.sha256(LFS_DATA).hexdigest()
    new = hashlib.sha256(b"new").hexdigest()
    body = {"operation": operation, "objects": [{"oid": oid, "size": len(LFS_DATA)},
                                                {"oid": new, "size": 3}]}
    path = f"{WEB}.git/info/lfs/objects/batch"
    reply = hub.request("POST", path, token=token, json_body=body, headers=headers)
    assert reply.status == 200
    return reply


@pytest.mark.parametrize("operation", ["upload", "download"])
def test_09_39_lfs_objects_have_no_nulls(hub, files, owner, operation):
    reply = lfs_batch(hub, owner, operation)
    assert b"null" not in reply.body
    present, new = reply.json()["objects"]
    assert ("actions" in present) == (operation == "download")
    assert ("actions" in new) == (operation == "upload")


def test_11_hrefs_are_public(hub, files, owner):
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "models.example"}
    for operation in ("upload", "download"):
        for item in lfs_batch(hub, owner, operation, proxy).json()["objects"]:
            for action in item.get("actions", {}).values():
                assert action["href"].startswith("https://models.example/")
    head = hub.request("HEAD", f"{WEB}/resolve/main/a.txt", headers=proxy)
    assert head.headers["Location"].startswith("https://models.example/")


def test_13_dates(hub, files):
    found = 0
    for path in (API, "/api/models?author=acme", f"{API}/commits/main",
                 f"{API}/tree/main?expand=true", "/api/whoami-v2"):
        text = hub.get(path).body.decode()
        for date in re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', text):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", date), (path, date)
            found += 1
    assert found >= 8


@pytest.mark.parametrize(
    "path,key",
    [(f"{API}/tree/main?recursive=true&limit=1", "path"), (f"{API}/commits/main?limit=1", "id"),
     ("/api/models?author=acme&limit=1", "id")],
)
def test_14_15_pages(hub, files, path, key):
    seen, url = [], path
    while url:
        assert len(seen) < 1000, "it never ends"
        reply = hub.get(url, token=None)
        seen += [row[key] for row in reply.json()]
        links = re.findall(r'<([^>]*)>; rel="next"', reply.headers.get("Link", ""))
        assert all(link.startswith(hub.endpoint + "/") for link in links)
        url = links[0] if links else None
    whole = hub.get(path.replace("limit=1", "limit=1000"), token=None)
    assert seen == [row[key] for row in whole.json()]
    assert len(seen) == len(set(seen)) >= 2
    assert "Link" not in whole.headers


def test_18_xet_is_said_everywhere_or_nowhere(hub, files):
    head = hub.request("HEAD", f"{WEB}/resolve/main/f/g/w.bin")
    rows = hub.get(f"{API}/tree/main?recursive=true").json()
    row = next(row for row in rows if row["path"] == "f/g/w.bin")
    assert head.headers.get("X-Xet-Hash") == row.get("xetHash")
    assert row.get("xetHash") != row["lfs"]["oid"]
    if "xetHash" not in row:
        assert "xet" not in head.headers.get("Link", "")


def test_24_26_slashes_in_revisions_and_paths(hub, files):
    for revision in ("feat%2Fx", "feat/x", "refs%2Fheads%2Ffeat%2Fx"):
        for path in ("f/b.txt", "f%2Fb.txt"):
            reply = hub.get(f"{WEB}/resolve/{revision}/{path}", token=None)
            assert (reply.status, reply.body) == (200, b"b\n"), (revision, path)
        for path in ("f/g", "f%2Fg"):
            rows = hub.get(f"{API}/tree/{revision}/{path}", token=None).json()
            assert [row["path"] for row in rows] == ["f/g/w.bin"]


def test_27_short_ids(hub, files):
    for method in ("GET", "HEAD"):
        for path, target in (("/pitfalls/resolve/main/a.txt", f"{WEB}/resolve/main/a.txt"),
                             ("/api/models/pitfalls", API), ("/api/models/PITFALLS", API)):
            reply = hub.request(method, path, token=None)
            assert (reply.status, reply.headers["Location"]) == (307, target)


def test_29_nobody_may_transform(hub, files):
    for revision in ("main", files):
        for name in ("a.txt", "f/g/w.bin"):
            reply = hub.get(f"{WEB}/resolve/{revision}/{name}", token=None)
            assert "no-transform" in reply.headers["Cache-Control"]


def test_30_refs_and_whole_tree(hub, owner, repo, files):
    refs = hub.get(f"{API}/refs", token=None).json()
    assert {"name": "main", "ref": "refs/heads/main", "targetCommit": files} in refs["branches"]
    assert refs["tags"] == [] and refs["converts"] == []
    lines = [{"key": "header", "value": {"summary": "many"}}]
    for n in range(2000):
        value = {"path": f"d/{n:04}.txt", "content": "", "encoding": "utf-8"}
        lines.append({"key": "file", "value": value})
    body = "\n".join(map(json.dumps, lines)).encode()
    target = f"/api/models/{repo}/commit/main"
    assert hub.request("POST", target, token=owner, body=body, headers=NDJSON).status == 200
    tree = hub.get(f"/api/models/{repo}/tree/main?recursive=true", token=None)
    assert len(tree.json()) == 2002 and "Link" not in tree.headers


def test_32_browsers_see_the_headers(hub, files):
    origin = {"Origin": "https://app.example"}
    reply = hub.get(f"{WEB}/resolve/main/a.txt", token=None, headers=origin)
    assert reply.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    shown = {name.strip() for name in reply.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"X-Repo-Commit", "X-Error-Code", "ETag", "Link", "Content-Range"} <= shown
    asked = origin | {"Access-Control-Request-Method": "GET",
                      "Access-Control-Request-Headers": "authorization,range"}
    preflight = hub.request("OPTIONS", f"{WEB}/resolve/main/a.txt", token=None, headers=asked)
    assert preflight.status == 204
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed and "range" in allowed


def test_34_no_secret_in_the_log(hub, files, owner):
    href = lfs_batch(hub, owner, "download").json()["objects"][0]["actions"]["download"]["href"]
    assert hub.get(href, token=None).status == 200
    signature = re.search(r"sig=([^&]+)", href).group(1)
    hub.get(f"/api/models?token={owner}", token=None)
    log = hub.log.read_text()
    assert signature not in log and owner not in log


@pytest.mark.parametrize("revision", ["None", "HEAD", "main"])
def test_37_none_and_head(hub, files, revision):
    for path in (f"{WEB}/resolve/{revision}/a.txt", f"{API}/revision/{revision}"):
        reply = hub.get(path, token=None)
        assert (reply.status, reply.headers["X-Repo-Commit"]) == (200, files)


@pytest.mark.parametrize(
    "method,path",
    [("POST", f"{API}/upload/main/a.txt"), ("GET", "/api/repos/ls"), ("GET", "/api/models-x/y"),
     ("GET", "/api/collections"), ("POST", "/oauth/device")],
)
def test_38_old_routes_are_json(hub, files, method, path):
    reply = hub.request(method, path, body=b"{}" if method == "POST" else None)
    assert reply.status in (404, 405)
    assert reply.json()["error"]


def test_41_42_trees(hub, files):
    rows = {row["path"]: row for row in hub.get(f"{API}/tree/main?recursive=true").json()}
    assert rows["f/g/w.bin"]["size"] == rows["f/g/w.bin"]["lfs"]["size"] == len(LFS_DATA)
    assert rows["f/g/w.bin"]["lfs"]["pointerSize"] < 200
    assert [path for path, row in rows.items() if row["type"] == "directory"] == ["f", "f/g"]


def test_43_private_is_always_said(hub, files):
    assert hub.get(API).json()["private"] is False
    assert all("private" in row for row in hub.get("/api/models?full=true").json())


def test_44_connections_are_kept(hub, files):
    with contextlib.closing(http.client.HTTPConnection(hub.address, timeout=30)) as link:
        link.connect()
        first = link.sock
        for method, path in (("GET", API), ("HEAD", f"{WEB}/resolve/main/a.txt"), ("GET", "/none"),
                             ("GET", f"{WEB}/resolve/main/none"), ("GET", "/healthz")):
            link.request(method, path)
            reply = link.getresponse()
            reply.read()
            assert link.sock is first or reply.headers["Connection"] == "close"
        assert link.sock is first


def raw(hub, text: str) -> bytes:
    host, port = hub.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as link:
        link.sendall(text.replace("\n", "\r\n").encode())
        received = b""
        while block := link.recv(65536):
            received += block
    return received


def test_45_expectations_are_met(hub, files):
    host, port = hub.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as link:
        head = f"POST /api/validate-yaml HTTP/1.1\nHost: {hub.address}\nConnection: close\n"
        head += "Content-Type: application/json\nContent-Length: 15\nExpect: 100-continue\n\n"
        link.sendall(head.replace("\n", "\r\n").encode())
        assert link.recv(65536).startswith(b"HTTP/1.1 100 ")
        link.sendall(b'{"content":"a"}')
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_46_http_1_0_and_1_1(hub, files):
    old = raw(hub, f"GET {WEB}/resolve/main/a.txt HTTP/1.0\nHost: {hub.address}\n\n")
    assert old.split(b" ")[1] == b"200" and old.endswith(b"\r\n\r\na\n")
    assert b"transfer-encoding" not in old.lower()
    new = raw(hub, f"GET {API} HTTP/1.1\nHost: {hub.address}\nConnection: close\n\n")
    assert new.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "path",
    [f"{WEB}/resolve/main/a.txt", f"{WEB}/raw/main/a.txt", API, f"{API}/tree/main",
     f"{API}/revision/main", f"{API}/refs", f"{API}/commits/main", "/api/models", "/healthz",
     "/api/whoami-v2", f"{API}/auth-check"],
)
def test_47_head_where_get_is(hub, files, path):
    get, head = hub.get(path), hub.request("HEAD", path)
    assert (head.status, head.body) == (get.status, b"") == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))


def test_48_sub_objects_are_whole(hub, files):
    info = hub.get(f"{API}?blobs=true").json()
    for row in info["siblings"]:
        if "lfs" in row:
            assert {"sha256", "size", "pointerSize"} <= row["lfs"].keys()
    if "safetensors" in info:
        assert {"parameters", "total"} <= info["safetensors"].keys()
    if "transformersInfo" in info:
        assert "auto_model" in info["transformersInfo"]
    names = [row["rfilename"] for row in info["siblings"]]
    assert sorted(names) == [".gitattributes", "a.txt", "f/b.txt", "f/g/w.bin"]


def test_49_50_names_are_taken_as_documented(hub, client, repo):
    """Windows' device names and case twins are somebody's files."""
    for name in ("aux.py", "README", "readme"):
        client.call(
            "upload_file", repo_id=repo, path_in_repo=name, path_or_fileobj=as_bytes(name.encode())
        )
    for name in ("aux.py", "README", "readme"):
        assert hub.get(f"/{repo}/resolve/main/{name}").body == name.encode()
