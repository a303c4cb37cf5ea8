"""What plain HTTP readers get: curl's ranges, validators, error codes."""

import hashlib
import json
import subprocess
import urllib.parse

import pytest
from client import add

BODY = bytes(range(256)) * 40  # 10,240 bytes that an offset error would show in
ODD_NAMES = ["a dir/e?x%.txt", "plus+and#hash.txt", "Ünï/文件 1.txt", "semi;colon,a'quote.txt"]


@pytest.fixture(scope="module")
def files(hub, owner, homes):
    """One repository for all reads: a regular file, an LFS file, an empty one, odd names."""
    from client import Client

    body = {"name": "reads", "organization": "acme"}
    assert hub.request("POST", "/api/repos/create", token=owner, json_body=body).status == 200
    writer = Client("hub-new", hub.endpoint, owner, homes / "reads")
    operations = [add("text.txt", b"plain text\n"), add("data.bin", BODY), add("empty.txt", b"")]
    operations += [add(name, name.encode()) for name in ODD_NAMES]
    return writer.call(
        "create_commit", repo_id="acme/reads", operations=operations, commit_message="all"
    )["oid"]


def curl(hub, path, *options):
    """(status, headers in lower case, body) as curl sees them."""
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "30", "-D", "-", hub.endpoint + path, *options],
        capture_output=True, timeout=40, check=True,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:] if ": " in line)}
    return int(lines[0].split()[1]), headers, b"" if "-I" in options else body


DATA = "/acme/reads/resolve/main/data.bin"


@pytest.mark.parametrize(
    "asked,first,last",
    [("0-0", 0, 0), ("5-99", 5, 99), ("10000-", 10000, 10239), ("-7", 10233, 10239),
     ("10200-99999", 10200, 10239), ("-99999", 0, 10239), ("4095-4096", 4095, 4096)],
)
def test_range(hub, files, asked, first, last):
    status, headers, body = curl(hub, DATA, "-r", asked)
    assert status == 206
    assert headers["content-range"] == f"bytes {first}-{last}/{len(BODY)}"
    assert headers["content-length"] == str(last - first + 1)
    assert body == BODY[first : last + 1]


def test_range_beyond_the_end(hub, files):
    status, headers, _ = curl(hub, DATA, "-r", "10240-")
    assert status == 416
    assert headers["content-range"] == f"bytes */{len(BODY)}"


def test_several_ranges_get_the_whole_body(hub, files):
    status, _, body = curl(hub, DATA, "-r", "0-1,4-5")
    assert (status, body) == (200, BODY)


def test_range_of_an_empty_file(hub, files):
    status, headers, body = curl(hub, "/acme/reads/resolve/main/empty.txt", "-r", "0-0")
    assert (status, body, headers["content-length"]) == (200, b"", "0")
    assert headers["content-range"] == "bytes */0"


def test_if_range(hub, files):
    etag = curl(hub, DATA)[1]["etag"]
    assert curl(hub, DATA, "-r", "1-2", "-H", f"If-Range: {etag}")[0] == 206
    status, _, body = curl(hub, DATA, "-r", "1-2", "-H", 'If-Range: "other"')
    assert (status, body) == (200, BODY)


def test_if_none_match(hub, files):
    etag = curl(hub, DATA)[1]["etag"]
    status, headers, body = curl(hub, DATA, "-H", f"If-None-Match: {etag}")
    assert (status, body, headers["etag"]) == (304, b"", etag)
    assert headers["x-repo-commit"] == files
    assert curl(hub, DATA, "-H", 'If-None-Match: "other"')[0] == 200


def test_head_of_a_branch_is_pinned(hub, files):
    status, headers, body = curl(hub, DATA, "-I")
    assert (status, body) == (200, b"")
    assert headers["x-repo-commit"] == files
    assert headers["location"] == f"{hub.endpoint}/acme/reads/resolve/{files}/data.bin"
    sha256 = hashlib.sha256(BODY).hexdigest()
    assert headers["etag"] == headers["x-linked-etag"] == f'"{sha256}"'
    assert headers["x-linked-size"] == headers["content-length"] == str(len(BODY))
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-request-id"]


def test_head_of_a_commit_is_final(hub, files):
    status, headers, _ = curl(hub, f"/acme/reads/resolve/{files}/data.bin", "-I")
    assert status == 200
    assert "location" not in headers
    assert "immutable" in headers["cache-control"]


def test_regular_file_has_its_git_id_as_etag(hub, files):
    text = b"plain text\n"
    oid = hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()
    status, headers, body = curl(hub, "/acme/reads/resolve/main/text.txt")
    assert (status, body, headers["etag"]) == (200, text, f'"{oid}"')


def test_never_encoded(hub, files):
    status, headers, body = curl(hub, DATA, "-H", "Accept-Encoding: gzip, br")
    assert (status, body) == (200, BODY)
    assert "content-encoding" not in headers and "transfer-encoding" not in headers


def test_disposition(hub, files):
    disposition = curl(hub, DATA)[1]["content-disposition"]
    assert disposition == "inline; filename*=UTF-8''data.bin; filename=\"data.bin\";"
    assert curl(hub, DATA + "?download=true")[1]["content-disposition"].startswith("attachment;")


def test_raw_of_an_lfs_file_is_its_pointer(hub, files):
    _, _, body = curl(hub, "/acme/reads/raw/main/data.bin")
    sha256 = hashlib.sha256(BODY).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(BODY)}\n"
    assert body.decode() == pointer


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(hub, files, name):
    path = f"/acme/reads/resolve/main/{urllib.parse.quote(name)}"
    status, _, body = curl(hub, path)
    assert (status, body) == (200, name.encode())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path,token,status,code",
    [
        ("/acme/reads/resolve/main/none.txt", "", 404, "EntryNotFound"),
        ("/acme/reads/resolve/main/a%20dir", "", 404, "EntryNotFound"),
        ("/acme/reads/resolve/nowhere/text.txt", "", 404, "RevisionNotFound"),
        ("/acme/none/resolve/main/text.txt", "", 404, "RepoNotFound"),
        ("/acme/none/resolve/main/text.txt", None, 401, "RepoNotFound"),
        ("/api/models/acme/none", None, 401, "RepoNotFound"),
        ("/api/models/acme/reads/revision/nowhere", None, 404, "RevisionNotFound"),
        ("/api/models/acme/reads/tree/main/none", None, 404, "EntryNotFound"),
    ],
)
def test_error_codes(hub, files, method, path, token, status, code):
    reply = hub.request(method, path, token=token)
    assert (reply.status, reply.headers["X-Error-Code"]) == (status, code)
    assert reply.headers["X-Error-Message"]
    if method == "GET":
        assert reply.json()["error"]
    if code == "EntryNotFound" and "/resolve/" in path:
        assert reply.headers["X-Repo-Commit"] == files


@pytest.mark.parametrize("revision", ["main", "HEAD", "refs%2Fheads%2Fmain", "refs/heads/main"])
def test_revisions(hub, files, revision):
    reply = hub.get(f"/acme/reads/resolve/{revision}/text.txt", token=None)
    assert (reply.status, reply.headers["X-Repo-Commit"]) == (200, files)


def test_short_hash_and_case(hub, files):
    assert hub.get(f"/acme/reads/resolve/{files[:7]}/text.txt").headers["X-Repo-Commit"] == files
    assert hub.get("/api/models/ACME/Reads").json()["id"] == "acme/reads"


def test_unknown_token_reads_as_anonymous(hub, files):
    assert hub.get(DATA, token="hf_" + "x" * 40).status == 200


def test_unknown_route_is_json(hub):
    reply = hub.get("/api/nothing/here/at/all", token=None)
    assert reply.status == 404
    assert json.loads(reply.body)["error"]


def test_pinned_url_keeps_old_bytes(hub, owner, repo, new_client):
    writer = new_client("hub-new")
    first = writer.call(
        "upload_file", repo_id=repo, path_in_repo="a.txt",
        path_or_fileobj={"$bytes": "b2xk"},
    )["oid"]
    writer.call(
        "upload_file", repo_id=repo, path_in_repo="a.txt", path_or_fileobj={"$bytes": "bmV3"},
    )
    assert hub.get(f"/{repo}/resolve/{first}/a.txt").body == b"old"
    assert hub.get(f"/{repo}/resolve/main/a.txt").body == b"new"
