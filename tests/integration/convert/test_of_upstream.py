"""Models that only the upstream has: converted, and shown to Ollama, before they are here."""

import json

from client import Client
from converter import job, run
from imposter import ATTRIBUTES, Lfs
from jobs import ended

CHATML = "{% for m in messages %}<|im_start|>{{ m['role'] }}{{ m['content'] }}{% endfor %}"


def files_of(folder) -> dict:
    large = (".safetensors", ".gguf")
    attributes = ATTRIBUTES + b"*.gguf filter=lfs diff=lfs merge=lfs -text\n"
    return {".gitattributes": attributes} | {
        path.name: Lfs(path.read_bytes()) if path.suffix in large else path.read_bytes()
        for path in folder.iterdir() if path.is_file()}


def test_a_model_that_the_mirror_has_never_seen(upstream, new_mirror, tiny, llama, tmp_path):
    repo = upstream.repo("acme/tiny")
    commit = repo.commit(files_of(tiny("qwen2")))
    repo.tag("v1", commit)
    hub = new_mirror()
    token = hub.user("ada")
    started = hub.cli("convert", "acme/tiny@v1", "--to", "gguf:Q8_0", "--detach", token=token)
    assert started["spec"]["commit"] == commit
    done = ended(hub, started["id"])
    assert done["state"] == "done", done
    client = Client("hub-new", hub.endpoint, token, tmp_path / "home")
    folder = client.call("snapshot_download", repo_id="ada/tiny-GGUF")
    model = llama.load(f"{folder}/tiny-Q8_0.gguf")
    assert len(model.generate([5, 6, 7], 3)) == 3
    model.close()


def test_a_model_that_nobody_has(upstream, new_mirror):
    hub = new_mirror()
    token = hub.user("ada")
    body = {"source": "acme/none", "targets": ["gguf:Q8_0"]}
    asked = hub.request("POST", "/api/waag/v1/convert", token=token, json_body=body)
    assert asked.status == 404, asked.body


def test_ollama_gets_the_template_of_a_file_that_is_not_here_yet(
        upstream, new_mirror, tiny, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for path in tiny("qwen2").iterdir():
        (source / path.name).write_bytes(path.read_bytes())
    settings = json.loads((source / "tokenizer_config.json").read_text())
    (source / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": CHATML}))
    made = run(job(source, tmp_path / "out", "gguf:Q8_0"))
    assert made.code == 0, made.error
    upstream.repo("acme/tiny-GGUF").commit(files_of(made.folder))
    hub = new_mirror()
    manifest = hub.get("/v2/acme/tiny-GGUF/manifests/Q8_0")
    assert manifest.status == 200, manifest.body
    layers = {layer["mediaType"].rpartition(".")[2]: layer for layer in manifest.json()["layers"]}
    assert set(layers) == {"model", "template", "params"}
    template = hub.get(f"/v2/acme/tiny-GGUF/blobs/{layers['template']['digest']}")
    assert b"<|im_start|>" in template.body
    weights = hub.get(f"/v2/acme/tiny-GGUF/blobs/{layers['model']['digest']}")
    assert weights.body == (made / "Q8_0.gguf").read_bytes()
    assert hub.get("/v2/acme/tiny-GGUF/manifests/Q8_0").body == manifest.body
