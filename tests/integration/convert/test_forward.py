"""The forward pass that validates conversions: its logits are llama.cpp's."""

import pytest
import tiny_models
from converter import job, run
from logits import apart, ask, logits
from oracles import published_model

# Tokens of any vocabulary of the tiny models; a short text, too, and one that repeats itself.
TEXTS = [[(7 * at * at + 3 * at + 5) % 250 for at in range(48)], [11, 3, 200],
         [17, 40] * 32, list(range(250, 60, -3))]
APART_MAX = 1e-5
PASSAGE = """The weighing house stood on the market square. Every barrel of herring, every bale of
wool and every cheese that came into the town was put on its scales, and the clerk wrote down what
it weighed, who had brought it and where it was to go. In 1616 the scales were tested 12 times."""


@pytest.fixture
def as_f32(tmp_path):
    """as_f32(model, **members of the job) -> its GGUF in F32"""
    def go(model, **members):
        made = run(job(model, tmp_path / "out", "gguf:F32", **members))
        assert made.code == 0, made.error
        return made / "F32.gguf"

    return go


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_logits_are_llama_cpps(family, tiny, as_f32, llama):
    gguf = as_f32(tiny(family))
    found = logits(tiny(family), TEXTS, gguf)
    model = llama.load(gguf)
    for text, ours in zip(TEXTS, found, strict=True):
        assert apart(ours, model.logits(text)) < APART_MAX, text
    model.close()


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_a_gguf_has_the_logits_of_its_source(family, tiny, as_f32):
    wanted = logits(tiny(family), TEXTS)
    for ours, theirs in zip(logits(tiny(family), TEXTS, as_f32(tiny(family))), wanted, strict=True):
        assert (ours == theirs).all()


def test_parts_are_one_file(tmp_path, tiny):
    spec = job(tiny("qwen2"), tmp_path, "gguf:F32", "gguf:BF16")
    spec["targets"][0]["split_bytes"] = 1_000_000
    made = run(spec)
    assert made.code == 0, made.error
    first, *others = sorted(tmp_path.glob("F32-*.gguf"))
    assert others
    assert (logits(tiny("qwen2"), TEXTS[:1], first)[0] ==
            logits(tiny("qwen2"), TEXTS[:1], tmp_path / "BF16.gguf")[0]).all()


def test_another_model_is_refused_and_so_is_a_wrong_question(tiny, as_f32):
    refused = ask(tiny("llama2"), TEXTS[:1], as_f32(tiny("qwen2")))
    assert refused.code == 3 and "GGUF" in refused.error
    assert ask(tiny("llama2"), [[100_000]]).code == 3
    assert ask(tiny("llama2"), "text").code == 2


def test_a_published_model(as_f32, llama):
    source = published_model.folder() / "source"
    gguf = as_f32(source)
    model = llama.load(gguf)
    text = model.tokenize(PASSAGE)[:64]
    assert len(text) == 64
    theirs = model.all_logits(text)
    for at, ours in enumerate(logits(source, [text], gguf, of="all")):
        assert ours.argmax() == theirs[at].argmax(), at
        assert apart(ours, theirs[at]) < APART_MAX, at
    model.close()


def test_blocks_of_others_are_the_values_they_stand_for():
    """The published file's blocks; its source has their values in F32."""
    published = published_model.folder()
    text = [[(97 * at + 13) % 49000 for at in range(32)]]
    wanted = logits(published / "source", text)[0]
    assert (logits(published / "source", text, published / "published.gguf")[0] == wanted).all()
