"""What a conversion lost, by running both models: waag-convert --compare."""

import json
import subprocess

import numpy
import pytest
import tiny_models
from converter import job, run
from gguf_file import Gguf
from hub import ROOT, binary
from logits import LOGITS_S, logits
from oracles import published_model

TEXTS = [[(7 * at * at + 3 * at + 5) % 250 for at in range(48)], [17, 40] * 16]
TARGETS = ("gguf:Q8_0", "gguf:Q4_K_M", "safetensors:int8")
# Of the published model: mean KLD at least and at most, and how often the likeliest token stays.
LOSSES = {"gguf:Q8_0": (1e-5, 0.003, 0.95), "gguf:Q4_K_M": (0.01, 0.12, 0.8),
          "safetensors:int8": (1e-4, 0.01, 0.93), "safetensors:nvfp4": (0.05, 0.4, 0.7)}


def compare(model, texts: list, **made) -> tuple[list, dict]:
    """`made` is gguf= or folder=. The errors of the blocks, and the summary."""
    spec = {"model": str(model), "tokens": texts, "threads": 2,
            **{kind: str(path) for kind, path in made.items()}}
    done = subprocess.run([binary("waag-convert"), "--compare"], input=json.dumps(spec), text=True,
                          capture_output=True, timeout=LOGITS_S)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, events
    blocks = [event["error"] for event in events if event["event"] == "block"]
    return blocks, next(event for event in events if event["event"] == "compared")


def made_of(done, target: str) -> dict:
    kind, name = target.split(":")
    return {"gguf": done / f"{name}.gguf"} if kind == "gguf" else {"folder": done / name}


def distributions(all_logits: list) -> numpy.ndarray:
    rows = numpy.array(all_logits, numpy.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("family", ["qwen2", "mixtral", "deepseek-v3"])
def test_it_is_what_the_logits_give(family, tiny, tmp_path):
    done = run(job(tiny(family), tmp_path, "gguf:Q4_K_M"))
    assert done.code == 0, done.error
    text = TEXTS[0]
    ours = distributions(logits(tiny(family), [text], of="all"))
    theirs = distributions(logits(tiny(family), [text], done / "Q4_K_M.gguf", of="all"))
    places = range(len(text) // 2, len(text) - 1)
    kld = [(numpy.exp(ours[at]) * (ours[at] - theirs[at])).sum() for at in places]
    _, summary = compare(tiny(family), [text], gguf=done / "Q4_K_M.gguf")
    assert summary["places"] == len(kld)
    assert summary["kld_mean"] == pytest.approx(numpy.mean(kld), rel=1e-4)
    assert summary["kld_max"] == pytest.approx(max(kld), rel=1e-4)
    same = [ours[at].argmax() == theirs[at].argmax() for at in places]
    assert summary["same_top"] == pytest.approx(numpy.mean(same))
    loss = -numpy.mean([theirs[at][text[at + 1]] for at in places])
    assert summary["perplexity_other"] == pytest.approx(numpy.exp(loss), rel=1e-4)


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_every_family_stays_near_its_source(family, tiny, tmp_path):
    done = run(job(tiny(family), tmp_path, "gguf:F32", *TARGETS))
    assert done.code == 0, done.error
    blocks, summary = compare(tiny(family), TEXTS, gguf=done / "F32.gguf")
    assert set(blocks) == {0} and summary["kld_max"] < 1e-9
    for target in TARGETS:
        blocks, summary = compare(tiny(family), TEXTS, **made_of(done, target))
        assert 0 < min(blocks) and summary["kld_mean"] > 0, target
        # Sizes are small and weights random: experts are chosen otherwise now and then.
        assert summary["kld_mean"] < (0.05 if "Q4" not in target else 1), target


def test_rows_in_a_wrong_order_are_seen(tiny, tmp_path):
    """The damage that a wrong permutation does: the weights are all there."""
    done = run(job(tiny("llama3"), tmp_path, "gguf:F32"))
    assert done.code == 0, done.error
    gguf = Gguf(done / "F32.gguf")
    kind, extents, data = gguf.tensors["blk.1.attn_q.weight"]
    rows = numpy.frombuffer(data, numpy.float32).reshape(extents[::-1])
    whole = (done / "F32.gguf").read_bytes()
    assert whole.count(data) == 1
    (tmp_path / "wrong.gguf").write_bytes(whole.replace(data, rows[::-1].tobytes()))
    blocks, summary = compare(tiny("llama3"), TEXTS, gguf=tmp_path / "wrong.gguf")
    assert blocks[0] == 0 < blocks[1]
    assert summary["kld_mean"] > 0


def test_a_published_model_loses_what_others_report_of_its_types(llama, tmp_path):
    source = published_model.folder() / "source"
    done = run(job(source, tmp_path, *LOSSES))
    assert done.code == 0, done.error
    model = llama.load(published_model.folder() / "published.gguf")
    text = model.tokenize((ROOT / "README.md").read_text())[:256]
    model.close()
    for target, (least, most, same) in LOSSES.items():
        _, summary = compare(source, [text], **made_of(done, target))
        assert least < summary["kld_mean"] < most, (target, summary)
        assert summary["same_top"] > same, (target, summary)
        assert summary["perplexity_reference"] < 100, summary
