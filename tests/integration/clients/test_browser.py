"""transformers.js in a browser: the URLs of its template, sent from a page of another origin.

Source: transformers.js, src/env.js (remoteHost, remotePathTemplate) and src/utils/hub.js.
"""

import urllib.parse

import pytest
from client import add

ORIGIN = {"Origin": "http://app.example.test"}
TEMPLATE = "{model}/resolve/{revision}/"
MODEL = bytes(range(256)) * 1000
# Without these a page sees neither the size nor the reason of a failure.
EXPOSED = {"content-length", "content-range", "etag", "x-error-code", "x-linked-size",
           "x-repo-commit", "accept-ranges", "link"}


@pytest.fixture
def filled(new_client, repo):
    files = [add("config.json", b'{"model_type":"bert"}'), add("onnx/model_q8.onnx", MODEL)]
    writer = new_client("hub-new")
    writer.call("create_commit", repo_id=repo, operations=files, commit_message="onnx")
    writer.call("create_branch", repo_id=repo, branch="feat/x")
    return repo


def page_gets(hub, repo, name, revision="main", **headers):
    """fetch() of a page: the answer, if the page may see it."""
    path = TEMPLATE.format(model=repo, revision=urllib.parse.quote(revision, safe=""))
    reply = hub.get(f"/{path}{name}", token=None, headers=ORIGIN | headers)
    assert reply.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN["Origin"])
    exposed = reply.headers["Access-Control-Expose-Headers"].lower()
    assert EXPOSED <= {name.strip() for name in exposed.split(",")}
    return reply


def test_files_of_a_pipeline(hub, filled):
    assert page_gets(hub, filled, "config.json").json() == {"model_type": "bert"}
    probe = page_gets(hub, filled, "onnx/model_q8.onnx", Range="bytes=0-0")
    assert probe.status == 206 and probe.body == MODEL[:1]
    assert probe.headers["Content-Range"] == f"bytes 0-0/{len(MODEL)}"
    whole = page_gets(hub, filled, "onnx/model_q8.onnx")
    assert whole.status == 200 and whole.body == MODEL
    assert int(whole.headers["Content-Length"]) == len(MODEL)  # its progress bar
    assert page_gets(hub, filled, "config.json", "feat/x").status == 200


def test_optional_file_is_missing(hub, filled):
    reply = page_gets(hub, filled, "generation_config.json")
    assert (reply.status, reply.headers["X-Error-Code"]) == (404, "EntryNotFound")


@pytest.mark.parametrize("asked", ["range", "authorization,range", "content-type,if-none-match"])
def test_preflight(hub, filled, asked):
    reply = hub.request(
        "OPTIONS", f"/{filled}/resolve/main/onnx/model_q8.onnx", token=None,
        headers=ORIGIN | {"Access-Control-Request-Method": "GET",
                          "Access-Control-Request-Headers": asked},
    )
    assert reply.status == 204 and reply.body == b""
    allowed = reply.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert set(asked.split(",")) <= set(allowed)
    assert "GET" in reply.headers["Access-Control-Allow-Methods"]
    assert reply.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN["Origin"])


def test_private_model_with_a_token(hub, owner, filled):
    hub.request("PUT", f"/api/models/{filled}/settings", token=owner, json_body={"private": True})
    assert page_gets(hub, filled, "config.json").status == 401
    assert page_gets(hub, filled, "config.json", Authorization=f"Bearer {owner}").status == 200
