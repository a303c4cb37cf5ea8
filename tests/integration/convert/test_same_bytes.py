"""What the converter writes is what llama.cpp's own tools would have written, byte for byte."""

import json

import numpy
import pytest
import tiny_models
from converter import job, run
from gguf_file import Gguf, differing
from llama_cpp import FILE_TYPES

MIXES = [name for name in FILE_TYPES if name not in ("BF16", "Q2_K_S")]  # that needs an imatrix
TEXT = "Hello the world, 12345 times!\n  在那里 – что это? \t<|im_end|> naïve"


@pytest.fixture
def convert(tmp_path):
    """convert(folder, *targets, **members of the job) -> Converted, which must have worked."""
    def go(source, *targets: str, **members):
        converted = run(job(source, tmp_path / "out", *targets, **members))
        assert converted.code == 0, converted.error
        return converted

    return go


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_data_sections_equal_llama_quantize(family, tiny, convert, llama):
    made = convert(tiny(family), "gguf:BF16", "gguf:Q4_K_M", "gguf:Q8_0", "gguf:Q2_K")
    for mix in ("Q4_K_M", "Q8_0", "Q2_K"):
        llama.quantize(made / "BF16.gguf", made / "reference.gguf", mix)
        assert differing(Gguf(made / f"{mix}.gguf"), Gguf(made / "reference.gguf")) == [], mix


@pytest.mark.parametrize("family", ["qwen2", "mixtral"])
def test_every_mix_equals_llama_quantize(family, tiny, convert, llama):
    made = convert(tiny(family), "gguf:BF16", *(f"gguf:{mix}" for mix in MIXES))
    for mix in MIXES:
        llama.quantize(made / "BF16.gguf", made / "reference.gguf", mix)
        assert differing(Gguf(made / f"{mix}.gguf"), Gguf(made / "reference.gguf")) == [], mix


def test_fp8_weights_go_through_bf16_as_on_the_way_of_two_tools(tmp_path, convert, llama):
    source = tmp_path / "fp8"
    tiny_models.write_model(source, "deepseek-v3", fp8=True)
    made = convert(source, "gguf:BF16", "gguf:Q4_K_M")
    llama.quantize(made / "BF16.gguf", made / "reference.gguf", "Q4_K_M")
    assert differing(Gguf(made / "Q4_K_M.gguf"), Gguf(made / "reference.gguf")) == []
    direct = convert(source, "gguf:Q4_K_M", via="direct")
    assert differing(Gguf(direct / "Q4_K_M.gguf"), Gguf(made / "reference.gguf")) != []


def test_a_tokenizer_json_alone_gives_what_its_tokenizer_model_gives(tmp_path, convert, llama):
    """Llama 2's: repos that fine-tuned it often have the one file only."""
    source = tmp_path / "m"
    tiny_models.write_model(source, "llama2")
    one = Gguf(convert(source, "gguf:Q8_0") / "Q8_0.gguf")
    (source / "tokenizer.json").write_text(json.dumps(tiny_models.merged_tokenizer()))
    (source / "tokenizer.model").unlink()
    made = convert(source, "gguf:F16")
    other = Gguf(made / "F16.gguf")
    keys = {key for key in one.pairs if key.startswith("tokenizer.")}
    assert [key for key in keys if one.pairs[key] != other.pairs.get(key)] == []
    # And which token is which, as tokenizer.json tells their ids.
    ids = {f"tokenizer.ggml.{role}_token_id" for role in ("bos", "eos", "unknown")}
    assert {key for key in other.pairs if key.startswith("tokenizer.")} - keys == ids
    model = llama.load(made / "F16.gguf")
    assert len(model.tokenize("the heathen the")) < len("the heathen the")
    model.close()


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_llama_cpp_loads_and_computes(family, tiny, convert, llama):
    """The right permutation, rope and mapping: quantized weights give nearly the same logits."""
    made = convert(tiny(family), "gguf:F32", "gguf:Q8_0")
    logits = {}
    for mix in ("F32", "Q8_0"):
        model = llama.load(made / f"{mix}.gguf")
        try:
            assert model.tokens == tiny_models.VOCABULARY
            assert model.tokenize(TEXT)
            assert len(model.generate([5, 6, 7], 2)) == 2
            logits[mix] = model.logits([5, 6, 7, 100, 42])
        finally:
            model.close()
    one, other = logits["F32"], logits["Q8_0"]
    assert numpy.isfinite(one).all()
    assert numpy.dot(one, other) / numpy.linalg.norm(one) / numpy.linalg.norm(other) > 0.99
