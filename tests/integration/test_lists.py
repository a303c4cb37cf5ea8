"""What clients learn of repositories without their files: info, lists, searches."""

import json
import struct

import pytest
from client import Client, add

CARD = """---
license: apache-2.0
language: [en, no]
base_model: acme/base
pipeline_tag: text-generation
tags: [listed-here]
released: 2024-01-31
model-index:
- name: shown
  results:
  - task: {type: text-generation}
    dataset: {name: d, type: d}
    metrics: [{type: accuracy, value: 0.5}]
---
# Shown
See https://arxiv.org/abs/2406.00001.
"""


def weights(**tensors) -> bytes:
    """A safetensors file of BF16 tensors of these sizes."""
    header, at = {}, 0
    for name, count in tensors.items():
        offsets = [at, at + 2 * count]
        header[name] = {"dtype": "BF16", "shape": [count], "data_offsets": offsets}
        at = offsets[1]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


@pytest.fixture(scope="module")
def shown(hub, owner, homes):
    """acme/shown, a model with all that lists say, and acme/plain, one with nothing."""
    writer = Client("hub-new", hub.endpoint, owner, homes / "lists")
    for name in ("shown", "plain"):
        writer.call("create_repo", repo_id=f"acme/{name}")
    config = {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2"}
    operations = [
        add("README.md", CARD.encode()),
        add("config.json", json.dumps(config).encode()),
        add("model.safetensors", weights(a=100, b=23)),
    ]
    writer.call(
        "create_commit", repo_id="acme/shown", operations=operations, commit_message="all"
    )
    return "acme/shown"


def listed(client, **query) -> list[str]:
    return [model["id"] for model in client.call("list_models", author="acme", **query)]


def test_info(client, shown):
    info = client.call("model_info", repo_id=shown)
    assert info["pipeline_tag"] == "text-generation"
    assert info["library_name"] == "transformers"
    assert info["safetensors"]["parameters"] == {"BF16": 123}
    assert info["safetensors"]["total"] == 123
    assert info["transformers_info"]["auto_model"] == "AutoModelForCausalLM"
    assert info["config"]["model_type"] == "qwen2"
    expected = {
        "transformers", "safetensors", "qwen2", "text-generation", "listed-here", "en", "no",
        "arxiv:2406.00001", "base_model:acme/base", "base_model:finetune:acme/base",
        "license:apache-2.0", "model-index",
    }
    assert expected <= set(info["tags"])


@pytest.mark.parametrize(
    "query",
    [{"filter": ["license:apache-2.0", "listed-here"]}, {"filter": ["listed-here", "en"]},
     {"search": "SHOWN"}, {"filter": "base_model:finetune:acme/base"},
     {"filter": "listed-here", "sort": "downloads"}],
)
def test_found(client, shown, query):
    assert listed(client, **query) == [shown]


def test_found_by_new_parameters(new_client, shown):
    client = new_client("hub-new")
    for query in (
        {"pipeline_tag": "text-generation", "search": "shown"},
        {"num_parameters": "min:100,max:200"},
        {"filter": "listed-here", "gated": False},
    ):
        assert listed(client, **query) == [shown]
    assert listed(client, filter="listed-here", gated=True) == []
    assert client.call("list_models", author="nobody-at-all") == []


def test_card_of_a_listed_model(client, shown):
    [model] = client.call("list_models", author="acme", filter="listed-here", cardData=True)
    assert model["card_data"]["license"] == "apache-2.0"
    [model] = client.call("list_models", author="acme", filter="listed-here", full=True)
    names = [file["rfilename"] for file in model["siblings"]]
    assert "model.safetensors" in names


def test_tags_by_type(client, shown):
    tags = client.call("get_model_tags")
    assert "license:apache-2.0" in [tag["id"] for tag in tags["license"]]


def test_downloads_survive_a_stop(own_hub):
    own_hub.start()
    token = own_hub.user("acme")
    body = {"name": "counted", "organization": "acme"}
    assert own_hub.request("POST", "/api/repos/create", token=token, json_body=body).status == 200
    lines = [
        {"key": "header", "value": {"summary": "config"}},
        {"key": "file", "value": {"path": "config.json", "encoding": "utf-8", "content": "{}"}},
    ]
    ndjson = "".join(json.dumps(line) + "\n" for line in lines).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    target = "/api/models/acme/counted/commit/main"
    done = own_hub.request("POST", target, token=token, body=ndjson, headers=headers)
    assert done.status == 200, done.body
    for _ in range(5):
        assert own_hub.get("/acme/counted/resolve/main/config.json").status == 200
    assert own_hub.get("/api/models/acme/counted").json()["downloads"] == 5
    assert own_hub.stop() == 0
    own_hub.start()
    assert own_hub.get("/api/models/acme/counted").json()["downloads"] == 5
    assert own_hub.stop() == 0
    check = own_hub.offline("fsck")
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_front_page(hub):
    page = hub.get("/", token=None)
    assert page.status == 200
    assert f"HF_ENDPOINT={hub.endpoint}" in page.body.decode()
