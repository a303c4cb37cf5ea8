"""What was made of a model is judged before it is published: waag-convert --validate."""

import hashlib
import json
import pathlib
import subprocess

import numpy
import pytest
import tiny_models
from converter import job, run
from gguf_file import Gguf
from hub import ROOT, binary
from logits import logits
from oracles import published_model
from oracles.published_model import F32, Q4_1, Q8_0, dequantized
from validation import ask, result, results, validate

TEXTS = [[(7 * at * at + 3 * at + 5) % 250 for at in range(48)], [17, 40] * 16]
OURS = ROOT / "convert" / "validate" / "text" / "evaluation.txt"
LENGTH = 64  # of the chunks of texts
TWO = ("gguf:F32", "gguf:Q8_0")
TARGETS = ("gguf:F32", "gguf:Q8_0", "gguf:Q4_K_M", "safetensors:int8", "safetensors:fp8-dynamic")
NAMES = {F32: "F32", Q8_0: "Q8_0", Q4_1: "Q4_1"}  # types that numpy dequantizes here
BYTES_OF_32 = {F32: 128, Q8_0: 34, Q4_1: 20}


@pytest.fixture
def made(tiny, tmp_path):
    """made(family, *targets) -> what a job makes of that tiny model"""
    def make(family: str, *targets: str):
        done = run(job(tiny(family), tmp_path / family, *targets))
        assert done.code == 0, done.error
        return done

    return make


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_every_family_is_judged_at_one_go(family, tiny, made):
    done = validate(tiny(family), results(made(family, *TARGETS), *TARGETS), tokens=TEXTS)
    text = done.events[0]
    assert text == {"event": "text", "id": "tokens", "sha256": None, "tokenizer_sha256": None,
                    "context": 48, "tokens": 80, "places": 23 + 15}
    blocks = len(done.blocks("gguf:F32"))
    for target in TARGETS:
        weights = done.of("weights", target)
        assert len({each["name"] for each in weights}) == len(weights) > 10
        assert all(len(each["sha256"]) == 64 for each in weights)
        if target == "gguf:F32":
            assert {each["sqnr_db"] for each in weights} == {None}
        else:
            assert any(each["sqnr_db"] is not None for each in weights)
        assert [(each["block"], each["blocks"]) for each in done.of("block", target)] == [
            (at, blocks) for at in range(blocks)]
        assert done.figures(target)["places"] == text["places"]
        # A random model knows no text: at most a warning, and for that reason.
        assert done.verdict(target) != "fail", done.reasons(target)
        if done.verdict(target) == "warn":
            assert "the source's own perplexity" in done.reasons(target)
    assert done.verdict("gguf:F32") == "pass"
    assert set(done.blocks("gguf:F32")) == {0} and done.figures("gguf:F32")["kld_max"] < 1e-9


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_errors_and_hashes_of_weights_are_those_of_the_files(family, tiny, made):
    targets = ("gguf:Q8_0", "gguf:Q4_1")
    done = made(family, "gguf:F32", *targets)
    judged = validate(tiny(family), results(done, *targets), tokens=TEXTS)
    exact = Gguf(done / "F32.gguf").tensors  # where the source's values stand as in the others
    for target in targets:
        tensors = Gguf(done / f"{target[5:]}.gguf").tensors
        weights = {each["name"]: each for each in judged.of("weights", target)}
        assert weights.keys() == tensors.keys()
        quantized = 0
        for name, (kind, dimensions, data) in tensors.items():
            found = weights[name]
            assert found["shape"] == list(dimensions[::-1])
            if kind not in NAMES:  # what Q4_1 falls back to
                continue
            assert found["type"] == NAMES[kind]
            size = int(numpy.prod(dimensions)) * BYTES_OF_32[kind] // 32
            assert found["sha256"] == hashlib.sha256(data[:size]).hexdigest()
            source = dequantized(*exact[name]).astype(numpy.float64)
            errors = dequantized(kind, dimensions, data).astype(numpy.float64) - source
            if kind == F32:
                assert found["sqnr_db"] is None and not errors.any()
                continue
            quantized += 1
            share = numpy.sqrt((errors ** 2).sum() / (source ** 2).sum())
            assert found["rel_rmse"] == pytest.approx(share, rel=1e-9)
            assert found["sqnr_db"] == pytest.approx(-20 * numpy.log10(share), rel=1e-9)
            assert found["max_error"] == pytest.approx(numpy.abs(errors).max(), rel=1e-9)
        assert quantized > 5, target


def distributions(all_logits: list) -> numpy.ndarray:
    rows = numpy.array(all_logits, numpy.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))


def test_figures_are_those_of_the_logits(tiny, made):
    """Each by its definition, over all texts, of two results that are run in one pass."""
    targets = ("gguf:Q4_K_M", "gguf:Q2_K")
    done = made("qwen3", *targets)
    judged = validate(tiny("qwen3"), results(done, *targets), tokens=TEXTS)
    places = [(text, at) for text in TEXTS for at in range(len(text) // 2, len(text) - 1)]

    def scored(gguf=None):
        found = [distributions(logits(tiny("qwen3"), [text], gguf, of="all")) for text in TEXTS]
        return [found[TEXTS.index(text)][at] for text, at in places]

    ours, follow = scored(), [text[at + 1] for text, at in places]
    for target in targets:
        theirs, figures = scored(done / f"{target[5:]}.gguf"), judged.figures(target)
        kld = [(numpy.exp(p) * (p - q)).sum() for p, q in zip(ours, theirs, strict=True)]
        ratios = [p[next_] - q[next_] for p, q, next_ in zip(ours, theirs, follow, strict=True)]
        moves = [numpy.exp(q[next_]) - numpy.exp(p[next_])
                 for p, q, next_ in zip(ours, theirs, follow, strict=True)]
        wanted = {
            "places": len(places),
            "kld_mean": numpy.mean(kld),
            "kld_error": numpy.std(kld, ddof=1) / len(kld) ** 0.5,
            "kld_median": numpy.median(kld),
            "kld_p90": numpy.percentile(kld, 90),
            "kld_p99": numpy.percentile(kld, 99),
            "kld_max": max(kld),
            "perplexity_reference": numpy.exp(-numpy.mean(
                [p[next_] for p, next_ in zip(ours, follow, strict=True)])),
            "perplexity_other": numpy.exp(-numpy.mean(
                [q[next_] for q, next_ in zip(theirs, follow, strict=True)])),
            "ln_perplexity_ratio": numpy.mean(ratios),
            "ln_perplexity_ratio_error": numpy.std(ratios, ddof=1) / len(ratios) ** 0.5,
            "same_top": numpy.mean([p.argmax() == q.argmax()
                                    for p, q in zip(ours, theirs, strict=True)]),
            "next_mean": numpy.mean(moves),
            "next_rms": numpy.mean(numpy.square(moves)) ** 0.5,
        }
        assert {key: figures[key] for key in wanted} == pytest.approx(wanted, rel=1e-3)


def damaged(gguf: pathlib.Path, changes: dict[str, bytes]) -> pathlib.Path:
    """A copy of the file in which those tensors have other bytes."""
    whole, tensors = gguf.read_bytes(), Gguf(gguf).tensors
    bent = bytearray(whole)
    for name, data in changes.items():
        assert whole.count(tensors[name][2]) == 1 and len(data) == len(tensors[name][2])
        at = whole.index(tensors[name][2])
        bent[at:at + len(data)] = data
    wrong = gguf.with_name("wrong-" + gguf.name)
    wrong.write_bytes(bent)
    return wrong


def heads_permuted(gguf: pathlib.Path) -> dict[str, bytes]:
    """The rows of every head of a block in the order of the source, which is not the file's."""
    data = Gguf(gguf).tensors["blk.1.attn_q.weight"][2]
    row = len(data) // 256
    rows = [data[at * row:(at + 1) * row] for at in range(256)]
    return {"blk.1.attn_q.weight": b"".join(
        rows[head * 64 + half + 2 * at]
        for head in range(4) for half in range(2) for at in range(32))}


def tensors_swapped(gguf: pathlib.Path) -> dict[str, bytes]:
    tensors = Gguf(gguf).tensors
    return {"blk.1.ffn_up.weight": tensors["blk.1.ffn_gate.weight"][2],
            "blk.1.ffn_gate.weight": tensors["blk.1.ffn_up.weight"][2]}


def scale_flipped(gguf: pathlib.Path) -> dict[str, bytes]:
    """One block of 32 weights has the other sign: a bit of its scale."""
    data = bytearray(Gguf(gguf).tensors["blk.1.ffn_down.weight"][2])
    data[34 * 1000 + 1] ^= 0x80
    return {"blk.1.ffn_down.weight": bytes(data)}


def test_a_single_block_with_a_wrong_scale_fails_by_its_weights(tiny, made):
    done = made("qwen3", "gguf:Q8_0")
    (good,) = results(done, "gguf:Q8_0")
    wrong = damaged(pathlib.Path(good["gguf"]), scale_flipped(good["gguf"]))
    judged = validate(tiny("qwen3"), [result("gguf:Q8_0", wrong)], tokens=TEXTS)
    assert judged.verdict("gguf:Q8_0") == "fail"
    assert "blk.1.ffn_down.weight" in judged.reasons("gguf:Q8_0")


@pytest.mark.parametrize("damage", [heads_permuted, tensors_swapped])
@pytest.mark.parametrize("target", ["gguf:F32", "gguf:Q8_0"])
def test_planted_damage_fails_and_its_block_is_named(damage, target, tiny, made):
    done = made("llama3", target)
    (good,) = results(done, target)
    wrong = damaged(pathlib.Path(good["gguf"]), damage(good["gguf"]))
    judged = validate(tiny("llama3"), [result(target, wrong)], tokens=TEXTS)
    assert judged.verdict(target) == "fail"
    assert "blk.1." in judged.reasons(target)  # its weights, which Q8_0 cannot lose so much of
    if target == "gguf:F32":  # a random model hardly says more with less damage
        assert "hidden states part most in block 1 of 0 to 1" in judged.reasons(target)
    before, behind = judged.blocks(target)
    assert behind > 3 * before


def test_a_result_of_another_model_fails_and_others_are_judged(tiny, made):
    targets = ("gguf:Q8_0", "safetensors:int8")
    ours, theirs = made("qwen2", *targets), made("llama2", "gguf:F32", "gguf:Q4_0")
    judged = validate(tiny("qwen2"), [
        result("gguf:F32", theirs / "F32.gguf"), *results(ours, *targets)], tokens=TEXTS)
    assert judged.verdict("gguf:F32") == "fail" and judged.of("compared", "gguf:F32") == []
    for target in targets:
        assert judged.verdict(target) != "fail"


def test_a_wrong_spec_is_the_callers_mistake(tiny, made, tmp_path):
    (good,) = results(made("qwen2", "gguf:Q8_0"), "gguf:Q8_0")
    spec = {"model": str(tiny("qwen2")), "tokens": TEXTS, "results": [good]}
    for wrong in ({"more": 1}, {"results": []}, {"results": [good, good]}, {"tokens": "text"},
                  {"results": [{**good, "target": "gguf:Q9_0"}]}, {"limits_factor": 0}):
        done = ask({**spec, **wrong})
        assert done.code == 2 and done.error.startswith("validate: "), wrong
        assert done.events[-1]["event"] == "error" and len(done.events) == 1
    for wrong in ({"tokens": [[1, 100_000]]}, {"tokens": [[1]]}, {"model": str(tmp_path)},
                  {"model": str(tmp_path / "none")},
                  {"results": [result("gguf:Q8_0", tmp_path / "none.gguf")]},
                  {"results": [result("safetensors:int8", tmp_path / "none")]}):
        assert ask({**spec, **wrong}).code == 3, wrong


def test_a_spec_that_is_too_large_says_so():
    for option, most in (([], 1), (["--tokens"], 1), (["--compare"], 64), (["--validate"], 64)):
        done = subprocess.run([binary("waag-convert"), *option], capture_output=True,
                              input=b"{}" + b" " * (most << 20))
        assert done.returncode == 2
        assert f"the spec is larger than {most} MiB" in json.loads(done.stdout)["message"]


def test_nothing_else_can_be_read(tiny, made, tmp_path):
    """A link in the result's folder that leads out of it leads nowhere once it is closed in."""
    done = made("qwen2", "safetensors:int8")
    inside, outside = done / "int8" / "config.json", tmp_path / "elsewhere"
    outside.mkdir()
    inside.rename(outside / "config.json")
    inside.symlink_to(outside / "config.json")
    judged = validate(tiny("qwen2"), results(done, "safetensors:int8"), tokens=TEXTS)
    assert judged.verdict("safetensors:int8") == "fail"


def tokens_of(model, text) -> dict:
    done = subprocess.run([binary("waag-convert"), "--tokens"], capture_output=True, check=True,
                          input=json.dumps({"model": str(model), "text": str(text)}), text=True)
    return json.loads(done.stdout.splitlines()[0])


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_chunks_lie_evenly_over_our_text(family, tiny, made):
    """The same figures as of tokens that are cut here."""
    judged = results(made(family, *TWO), *TWO)
    ours = validate(tiny(family), judged, chunks=3, context=LENGTH)
    split = tokens_of(tiny(family), OURS)
    assert ours.events[0] == {
        "event": "text", "id": "waag-evaluation-1",
        "sha256": hashlib.sha256(OURS.read_bytes()).hexdigest(),
        "tokenizer_sha256": split["sha256"], "context": LENGTH, "tokens": 3 * LENGTH,
        "places": 3 * (LENGTH // 2 - 1)}
    count = len(split["tokens"]) // LENGTH
    chunks = [split["tokens"][at * LENGTH:][:LENGTH]
              for at in (count // 6, count // 2, count * 5 // 6)]
    if split["bos"] is not None:
        for chunk in chunks:
            chunk[0] = split["bos"]
    theirs = validate(tiny(family), judged, tokens=chunks)
    for target in TWO:
        assert ours.figures(target) == theirs.figures(target)
    assert ours.verdict("gguf:F32") == "pass"


def test_a_text_of_ones_own(tiny, made, tmp_path):
    text = tmp_path / "text"
    text.write_text("The weighing house stood on the market square. 在那里 é 12345\n" * 40)
    judged = validate(tiny("llama3"), results(made("llama3", *TWO), *TWO), text=str(text),
                      chunks=2, context=LENGTH)
    assert judged.events[0]["id"] == "given"
    assert judged.events[0]["sha256"] == hashlib.sha256(text.read_bytes()).hexdigest()
    assert judged.events[0]["tokens"] == 2 * LENGTH


def test_a_text_that_does_not_do(tiny, made, tmp_path):
    spec = {"model": str(tiny("qwen2")), "results": results(made("qwen2", *TWO), *TWO)}
    text = tmp_path / "text"
    text.write_text("Too short.")
    short = ask({**spec, "text": str(text)})
    assert short.code == 3 and "fewer than one chunk of" in short.error
    assert ask({**spec, "text": str(tmp_path / "none")}).code == 3
    text.write_bytes(b"\xff" * 10_000)
    assert ask({**spec, "text": str(text)}).code == 3


def swap_gate_and_up(folder, block: int) -> None:
    """In a folder of safetensors, the names of two projections of a block, in its header."""
    (path,) = folder.glob("*.safetensors")
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    at = f"model.layers.{block}.mlp."
    for part in ("weight", "weight_scale"):
        one, other = f"{at}gate_proj.{part}", f"{at}up_proj.{part}"
        header[one], header[other] = header[other], header[one]
    text = json.dumps(header, separators=(",", ":")).encode()
    assert len(text) <= size
    path.write_bytes(data[:8] + text.ljust(size) + data[8 + size:])


def test_a_published_model_passes_and_damage_in_it_does_not(tmp_path):
    source = published_model.folder() / "source"
    targets = ("gguf:Q8_0", "gguf:Q4_K_M", "safetensors:int8")
    done = run(job(source, tmp_path, *targets))
    assert done.code == 0, done.error
    judged = results(done, *targets)
    swap_gate_and_up(tmp_path / "int8", 11)
    found = validate(source, judged, chunks=1)
    for target in targets[:2]:
        assert found.verdict(target) == "pass", found.reasons(target)
        assert found.figures(target)["perplexity_reference"] < 60
    assert found.verdict("safetensors:int8") == "fail"
    assert "mean KLD" in found.reasons("safetensors:int8")
    assert "part most in block 11 of 0 to 29" in found.reasons("safetensors:int8")
