"""A real Ollama, built from its module (oracles/build_ollama.py). Only in `make reliability`."""

import hashlib
import itertools
import json
import os
import shutil

import certificate
import pytest
from client import Client, add
from converter import job, run
from hub import Hub
from imposter import ATTRIBUTES, Lfs
from jobs import ended
from oracles import published_model
from oracles.ollama import Ollama
from proxy import CuttingProxy

MIB = 1 << 20
TALKS = {  # what tells a format in a model's template: a system text and three turns in it
    "<|im_start|>": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
                    "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
                    "<|im_start|>assistant\n",
    "<|start_header_id|>": "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                           "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                           "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>"
                           "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
                           "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "<start_of_turn>": "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n"
                       "<start_of_turn>model\nHello<end_of_turn>\n"
                       "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n",
    "<|end|>": "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\nHello<|end|>\n"
               "<|user|>\nBye<|end|>\n<|assistant|>\n",
    "[INST]": "[INST] Be brief.\n\nHi [/INST]Hello</s>[INST] Bye [/INST]",
}
_numbers = itertools.count(1)


@pytest.fixture
def new_ollama(tmp_path):
    """new_ollama(**settings) -> a running one without models."""
    made = []

    def start(**settings) -> Ollama:
        program = os.environ["WAAG_OLLAMA"]
        made.append(Ollama(program, tmp_path / f"ollama{next(_numbers)}", settings))
        return made[-1].start()

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def ollama(new_ollama):
    return new_ollama()


@pytest.fixture(scope="module")
def published():
    return published_model.folder() / "published.gguf"


def upload(hub, owner, home, repo: str, files: dict, private: bool = False) -> None:
    """`files`: {path: bytes or a path}."""
    client = Client("hub-new", hub.endpoint, owner, home)
    client.call("create_repo", repo_id=repo, private=private)
    client.call("create_commit", repo_id=repo, commit_message="models",
                operations=[add(name, data) for name, data in files.items()])


@pytest.fixture(scope="module")
def smol(hub, owner, homes, published):
    """A repository with a published model, which talks ChatML."""
    upload(hub, owner, homes / "smol", "acme/smol-GGUF", {"SmolLM2-Q4_1.gguf": published})
    return "acme/smol-GGUF"


def test_pulls_shows_and_answers(hub, ollama, smol, published):
    name = f"{hub.address}/{smol}"
    pulled = ollama.run("pull", "--insecure", name)
    assert pulled.code == 0, pulled.text
    blobs = ollama.blobs()
    assert all(digest == found for digest, found in blobs.items()) and len(blobs) == 4
    assert ollama.model(hub.address, smol, "latest").read_bytes() == published.read_bytes()
    shown = ollama.call("/api/show", model=name)
    assert shown["details"]["family"] == "llama" and shown["details"]["format"] == "gguf"
    assert "<|im_start|>assistant" in shown["template"] and "<|im_end|>" in shown["parameters"]
    told = ollama.run("show", name)
    assert told.code == 0 and "llama" in told.text, told.text
    options = {"temperature": 0, "num_predict": 12, "num_ctx": 256}
    answer = ollama.call("/api/generate", model=name, system="", options=options,
                         prompt="What is the capital of France?")
    assert answer.get("response") == published_model.ANSWER, answer


def test_run_pulls_and_takes_what_the_repository_says(hub, owner, homes, ollama, published):
    system, template = "You answer questions.", "{{ .System }}\n{{ .Prompt }}\n"
    said = {"temperature": 0, "num_predict": 3, "num_ctx": 256}
    upload(hub, owner, homes / "said", "acme/said-GGUF", {
        "SmolLM2-Q4_1.gguf": published, "template": template.encode(), "system": system.encode(),
        "params": json.dumps(said).encode()})
    name = f"{hub.address}/acme/said-GGUF:q4_1"
    ran = ollama.run("run", "--insecure", name, "1, 2, 3, 4, 5, 6,")
    assert ran.code == 0 and "7" in ran.text, ran.text
    shown = ollama.call("/api/show", model=name)
    assert shown["template"] == template and shown["system"] == system
    told = dict(line.split() for line in shown["parameters"].splitlines())
    assert {key: float(value) for key, value in told.items()} == said


@pytest.mark.parametrize("mark,wanted", TALKS.items())
def test_formats_of_talk(hub, owner, homes, ollama, tiny, tmp_path, mark, wanted):
    """What it makes of messages with the template that the hub has for a model's own."""
    folder = tmp_path / "talks"
    shutil.copytree(tiny("qwen2"), folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["chat_template"] = f"{{{{ '{mark}' + messages[0]['content'] }}}}"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    made = run(job(folder, tmp_path / "out", "gguf:Q8_0"))
    assert made.code == 0, made.error
    repo = f"acme/talks{next(_numbers)}-GGUF"
    upload(hub, owner, homes / "talks", repo, {"talks-Q8_0.gguf": made / "Q8_0.gguf"})
    name = f"{hub.address}/{repo}"
    assert ollama.run("pull", "--insecure", name).code == 0
    messages = [{"role": role, "content": text} for role, text in (
        ("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"))]
    options = {"num_predict": 2, "num_ctx": 1024}  # a token is a byte here
    asked = {"model": name, "messages": messages, "options": options}
    shown = ollama.call("/api/chat", **asked, _debug_render_only=True)
    assert shown["_debug_info"]["rendered_template"] == wanted, shown
    assert ollama.call("/api/chat", **asked)["done"]


@pytest.fixture(scope="module")
def tags(hub, owner, homes, tiny):
    """A repository with two types that were converted here and one in parts; {path: bytes}."""
    client = Client("hub-new", hub.endpoint, owner, homes / "tags")
    client.call("create_repo", repo_id="acme/ollama")
    client.call("upload_folder", repo_id="acme/ollama", folder_path=str(tiny("qwen2")))
    ask = ("convert", "acme/ollama", "--to", "gguf:Q8_0,gguf:Q4_K_M", "--detach")
    done = ended(hub, hub.cli(*ask, token=owner)["id"])
    assert done["state"] == "done", done
    repo, parts = "acme/ollama-GGUF", [f"ollama-F16-{part:05}-of-00002.gguf" for part in (1, 2)]
    client.call("create_commit", repo_id=repo, commit_message="parts",
                operations=[add(name, b"GGUF" + bytes(40)) for name in parts])
    names = ("ollama-Q8_0.gguf", "ollama-Q4_K_M.gguf")
    return repo, {name: hub.get(f"/{repo}/resolve/main/{name}").body for name in names}


@pytest.mark.parametrize("tag,file", [
    ("Q8_0", "Q8_0"), ("q8_0", "Q8_0"), ("ollama-Q8_0.gguf", "Q8_0"), ("Q4_K_M", "Q4_K_M"),
    ("latest", "Q4_K_M")])
def test_tags(hub, ollama, tags, tag, file):
    repo, files = tags
    pulled = ollama.run("pull", "--insecure", f"{hub.address}/{repo}:{tag}")
    assert pulled.code == 0, pulled.text
    assert ollama.model(hub.address, repo, tag).read_bytes() == files[f"ollama-{file}.gguf"]


@pytest.mark.parametrize("tag,why", [
    ("Q9_X", "not a valid quantization scheme"),  # no such
    ("F16", "not a valid quantization scheme")])  # in parts, which it cannot join
def test_other_tags_are_named(hub, ollama, tags, tag, why):
    pulled = ollama.run("pull", "--insecure", f"{hub.address}/{tags[0]}:{tag}")
    assert pulled.code != 0
    assert why in pulled.text and "Q4_K_M" in pulled.text and "Q8_0" in pulled.text, pulled.text
    assert "F16" not in pulled.text.rpartition("Available")[2]


def test_what_it_may_not_have(hub, owner, homes, ollama, published):
    """It has no token for a hub: it is told so, not sent after one."""
    files = {"SmolLM2-Q4_1.gguf": published}
    upload(hub, owner, homes / "hidden", "acme/hidden-GGUF", files, private=True)
    upload(hub, owner, homes / "gated", "acme/gated-GGUF", files)
    client = Client("hub-new", hub.endpoint, owner, homes / "gated")
    client.call("update_repo_settings", repo_id="acme/gated-GGUF", gated="manual")
    for repo in ("acme/hidden-GGUF", "acme/gated-GGUF", "acme/none"):
        pulled = ollama.run("pull", "--insecure", f"{hub.address}/{repo}")
        assert pulled.code != 0
        assert "403" in pulled.text and "Ollama has no token" in pulled.text, pulled.text
    assert ollama.blobs() == {}


@pytest.fixture(scope="module")
def large(hub, owner, homes, tmp_path_factory):
    """A model of 250 MB, whose parts are of 100 MB."""
    path = tmp_path_factory.mktemp("large") / "large-Q8_0.gguf"
    head = b"GGUF" + (3).to_bytes(4, "little") + bytes(16)
    with path.open("wb") as file:
        file.write(head)
        for number in range(250):
            file.write(hashlib.shake_256(b"%d" % number).digest(MIB))
    upload(hub, owner, homes / "large", "acme/large-GGUF", {path.name: path})
    return "acme/large-GGUF", path


def test_parts_side_by_side_and_after_cuts(new_ollama, hub, large):
    repo, path = large
    with CuttingProxy(hub.address, cuts=2, after_bytes=30 * MIB) as proxy:
        ollama, host = new_ollama(), proxy.endpoint.removeprefix("http://")
        pulled = ollama.run("pull", "--insecure", f"{host}/{repo}:Q8_0")
        assert pulled.code == 0, pulled.text
        assert proxy.cuts == 0
        assert len([one for one in proxy.ranges if one]) >= 4, proxy.ranges
        # The parts come by the signed address.
        assert proxy.count("GET", "/lfs/objects/") >= 3, proxy.requests
    with path.open("rb") as wanted, ollama.model(host, repo, "Q8_0").open("rb") as found:
        assert (hashlib.file_digest(found, "sha256").digest()
                == hashlib.file_digest(wanted, "sha256").digest())


def test_of_an_upstream(upstream, new_mirror, ollama, published):
    """A file that is not here yet, and its template."""
    attributes = ATTRIBUTES + b"*.gguf filter=lfs diff=lfs merge=lfs -text\n"
    upstream.repo("there/smol-GGUF").commit(
        {".gitattributes": attributes, "SmolLM2-Q4_1.gguf": Lfs(published.read_bytes())})
    hub = new_mirror()
    name = f"{hub.address}/there/smol-GGUF"
    pulled = ollama.run("pull", "--insecure", f"{name}:q4_1")
    assert pulled.code == 0, pulled.text
    path = ollama.model(hub.address, "there/smol-GGUF", "q4_1")
    assert path.read_bytes() == published.read_bytes()
    assert "<|im_start|>" in ollama.call("/api/show", model=f"{name}:q4_1")["template"]


def test_over_tls(tmp_path, new_ollama, published):
    """Without --insecure; Go takes the authority from SSL_CERT_FILE."""
    data, made = tmp_path / "data", certificate.make(tmp_path)
    with Hub(data) as hub:
        upload(hub, hub.user("ada"), tmp_path / "home", "ada/smol-GGUF",
               {"SmolLM2-Q4_1.gguf": published})
    with Hub(data, certificate=made) as hub:
        ollama = new_ollama(SSL_CERT_FILE=str(made.authority))
        pulled = ollama.run("pull", f"{hub.address}/ada/smol-GGUF")
        assert pulled.code == 0, pulled.text
        path = ollama.model(hub.address, "ada/smol-GGUF", "latest")
        assert path.read_bytes() == published.read_bytes()
