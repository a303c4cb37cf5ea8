"""A conversion from the command line to llama.cpp, through the hub."""

import hashlib
import json
import pathlib
import time

import pytest
from gguf_file import Gguf
from jobs import JOB_S, ended

@pytest.fixture(scope="module")
def uploaded(hub, owner, homes, tiny):
    from client import Client

    client = Client("hub-new", hub.endpoint, owner, homes / "convert")
    repo = "acme/tiny-qwen2"
    client.call("create_repo", repo_id=repo, private=True)
    client.call("upload_folder", repo_id=repo, folder_path=str(tiny("qwen2")))
    return client, repo


def test_from_the_command_line_to_llama_cpp(hub, owner, uploaded, tmp_path, llama):
    client, repo = uploaded
    job = hub.cli("convert", repo, "--to", "gguf:Q8_0,gguf:Q4_K_M", "--detach", token=owner)
    done = ended(hub, job["id"])
    assert done["state"] == "done", done
    folder = pathlib.Path(client.call("snapshot_download", repo_id=f"{repo}-GGUF"))
    files = sorted(file.name for file in folder.glob("*.gguf"))
    assert files == ["tiny-qwen2-Q4_K_M.gguf", "tiny-qwen2-Q8_0.gguf"]
    for name in files:
        model = llama.load((folder / name).resolve())
        assert len(model.generate([5, 6, 7], 3)) == 3
        model.close()
    pairs = Gguf(folder / files[0]).pairs
    commit = client.call("repo_info", repo_id=repo)["sha"]
    assert pairs["general.architecture"] == "qwen2"
    assert pairs["waag.source.commit"] == commit
    card = (folder / "README.md").read_text()
    assert f'base_model: "{repo}"' in card and 'base_model_relation: "quantized"' in card
    # Private as its source: nobody else sees it.
    assert hub.request("GET", f"/api/models/{repo}-GGUF", token=None).status == 401


def test_ollama_gets_what_was_converted(hub, owner, uploaded):
    _, repo = uploaded
    ended(hub, hub.cli("convert", repo, "--to", "gguf:Q4_K_M", "--detach", token=owner)["id"])
    manifest = hub.request("GET", f"/v2/{repo}-GGUF/manifests/q4_k_m", token=owner)
    assert manifest.status == 200, manifest.body
    layers = {layer["mediaType"]: layer for layer in manifest.json()["layers"]}
    weights = layers["application/vnd.ollama.image.model"]
    blob = hub.request("GET", f"/v2/{repo}-GGUF/blobs/{weights['digest']}", token=owner)
    assert blob.status == 200 and len(blob.body) == weights["size"]
    assert "sha256:" + hashlib.sha256(blob.body).hexdigest() == weights["digest"]
    config = hub.request(
        "GET", f"/v2/{repo}-GGUF/blobs/{manifest.json()['config']['digest']}", token=owner)
    assert json.loads(config.body)["model_family"] == "qwen2"


def test_parts_are_published_and_found(hub, owner, uploaded, llama):
    client, repo = uploaded
    options = ("--split-max-size", "1M", "--via", "direct", "--name", "acme/parts", "--detach")
    done = ended(hub, hub.cli("convert", repo, "--to", "gguf:F32", *options, token=owner)["id"])
    assert done["state"] == "done", done
    folder = pathlib.Path(client.call("snapshot_download", repo_id="acme/parts-GGUF"))
    parts = sorted(file.name for file in folder.glob("*.gguf"))
    assert len(parts) > 2
    assert parts[-1] == f"tiny-qwen2-F32-{len(parts):05}-of-{len(parts):05}.gguf"
    model = llama.load(folder / parts[0])
    assert len(model.generate([5, 6, 7], 3)) == 3
    model.close()
    manifest = "/v2/acme/parts-GGUF/manifests/F32"
    asked = hub.request("GET", manifest, token=owner, headers={"User-Agent": "llama-cpp"})
    assert asked.json()["ggufFile"]["rfilename"] == parts[0]
    assert hub.request("GET", manifest, token=owner).status == 400  # Ollama cannot join them
    card = (folder / "README.md").read_text()
    assert "--via direct --split-max-size 1000000" in card


def test_safetensors_targets_are_published(hub, owner, uploaded):
    client, repo = uploaded
    targets = "safetensors:fp8-dynamic,safetensors:int8,safetensors:w4a16,safetensors:nvfp4"
    done = ended(hub, hub.cli("convert", repo, "--to", targets, "--detach", token=owner)["id"])
    assert done["state"] == "done", done
    for suffix in ("FP8", "INT8", "W4A16", "NVFP4"):
        folder = pathlib.Path(client.call("snapshot_download", repo_id=f"{repo}-{suffix}"))
        config = json.loads((folder / "config.json").read_text())
        assert config["quantization_config"]["quant_method"] == "compressed-tensors"
        assert (folder / "model.safetensors").is_file()
        assert (folder / "tokenizer.json").is_file()


def test_what_cannot_be_converted_says_why(hub, owner, homes):
    from client import Client, add

    client = Client("hub-new", hub.endpoint, owner, homes / "odd")
    client.call("create_repo", repo_id="acme/odd")
    config = {"architectures": ["MambaForCausalLM"], "hidden_size": 1}
    weights = b"\x02\0\0\0\0\0\0\0{}"
    client.call("create_commit", repo_id="acme/odd", commit_message="x", operations=[
        add("config.json", json.dumps(config).encode()), add("model.safetensors", weights)])
    job = hub.cli("convert", "acme/odd", "--to", "gguf:Q8_0", "--detach", token=owner)
    failed = ended(hub, job["id"])
    assert failed["state"] == "failed"
    assert "MambaForCausalLM" in json.dumps(failed) and "Qwen2ForCausalLM" in json.dumps(failed)


def test_killed_in_the_middle_it_goes_on(own_hub, tmp_path):
    import tiny_models
    from client import Client

    own_hub.settings["convert.threads"] = 1
    own_hub.start()
    token = own_hub.user("ada")
    tiny_models.write_model(tmp_path / "m", "qwen2", layers=12, tied=False)
    client = Client("hub-new", own_hub.endpoint, token, tmp_path / "home")
    client.call("create_repo", repo_id="ada/m")
    client.call("upload_folder", repo_id="ada/m", folder_path=str(tmp_path / "m"))
    targets = "gguf:Q2_K,gguf:Q3_K_M,gguf:Q4_K_M,gguf:Q5_K_M,gguf:Q6_K,gguf:IQ4_XS"
    job = own_hub.cli("convert", "ada/m", "--to", targets, "--detach", token=token)["id"]
    until = time.monotonic() + JOB_S
    while not list((own_hub.data / "convert").glob("*/out/*.gguf*")):
        assert time.monotonic() < until
        time.sleep(0.01)
    own_hub.kill()
    own_hub.start()
    done = ended(own_hub, job)
    assert done["state"] == "done", done
    client = client.at(endpoint=own_hub.endpoint)
    files = client.call("list_repo_files", repo_id="ada/m-GGUF")
    assert sum(name.endswith(".gguf") for name in files) == 6
    assert own_hub.stop() == 0
    assert not any((own_hub.data / "convert").iterdir())
