"""A model that was published (oracles/published_model.py): real weights, a real vocabulary, sizes
that no K-quant fits everywhere. What somebody else's tools made of it comes out again.
"""

import pytest
from converter import job, run
from gguf_file import Gguf
from oracles import published_model

MIXES = ("Q8_0", "Q4_K_M", "Q6_K", "Q3_K_M")
# What the job says of a model's origin, which nobody told it here, and of who made the file.
OF_ORIGIN = {"general." + key for key in (
    "basename", "finetune", "languages", "license", "name", "organization", "quantized_by")}
TEXTS = ("Hello the world, 12345 times!\n  def f(x):\n\treturn x**2  # naïve\r\n",
         "在那里 – что это? 🙂 éé <|im_end|>", "   ", "I'll, he'D; we've\n\n\n1,000,000.00")


@pytest.fixture(scope="module")
def published():
    """The folder of oracles/published_model.py."""
    return published_model.folder()


@pytest.fixture(scope="module")
def made(published, tmp_path_factory):
    done = run(job(published / "source", tmp_path_factory.mktemp("published"),
                   *(f"gguf:{mix}" for mix in ("F32", "Q4_1", *MIXES))))
    assert done.code == 0, done.error
    return done


def test_the_published_file_comes_out_again(published, made):
    wanted, found = Gguf(published / "published.gguf"), Gguf(made / "Q4_1.gguf")
    assert found.tensors == wanted.tensors  # each block of 135 million weights
    keys = (wanted.pairs.keys() | found.pairs.keys()) - OF_ORIGIN
    assert [key for key in keys if wanted.pairs.get(key) != found.pairs.get(key)] == []


def test_f32_has_the_values_of_the_published_blocks(published, made):
    wanted, found = Gguf(published / "published.gguf"), Gguf(made / "F32.gguf")
    assert found.tensors.keys() == wanted.tensors.keys()
    for name, tensor in wanted.tensors.items():
        values = published_model.dequantized(*tensor)
        assert found.tensors[name][0] == published_model.F32
        assert found.tensors[name][2] == values.tobytes(), name


@pytest.mark.parametrize("mix", MIXES)
def test_mixes_equal_llama_quantize(mix, made, llama, tmp_path):
    llama.quantize(made / "F32.gguf", tmp_path / "reference.gguf", mix)
    found, wanted = Gguf(made / f"{mix}.gguf"), Gguf(tmp_path / "reference.gguf")
    assert list(found.tensors) == list(wanted.tensors)
    assert [name for name in wanted.tensors if found.tensors[name] != wanted.tensors[name]] == []


def test_llama_cpp_splits_texts_and_answers_as_with_the_published_file(published, made, llama):
    model = llama.load(published / "published.gguf")
    wanted = [model.tokenize(text, special) for text in TEXTS for special in (False, True)]
    question = model.tokenize(published_model.QUESTION, special=True)
    answer = model.generate(question, 8)
    model.close()
    words = published_model.tokens(published)
    said = "".join(words[number] for number in answer).replace("Ġ", " ")
    assert said == published_model.ANSWER + "<|im_end|>"
    for mix in ("F32", "Q4_1", *MIXES):
        model = llama.load(made / f"{mix}.gguf")
        split = [model.tokenize(text, special) for text in TEXTS for special in (False, True)]
        assert split == wanted, mix
        assert model.generate(question, 8) == answer, mix
        model.close()
