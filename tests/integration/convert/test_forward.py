"""The forward pass that validates conversions: its logits are llama.cpp's."""

import pytest
import tiny_models
from converter import job, run
from logits import apart, ask, logits

# Tokens of any vocabulary of the tiny models; a short text, too, and one that repeats itself.
TEXTS = [[(7 * at * at + 3 * at + 5) % 250 for at in range(48)], [11, 3, 200],
         [17, 40] * 32, list(range(250, 60, -3))]
APART_MAX = 1e-4


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
