"""Tokens of a text, by the converter and by llama.cpp with what the converter made of the model."""

import json
import random

import pytest
import tiny_models
from converter import job, run
from hub import ROOT
from text_tokens import ask, tokens_of

# llama.cpp knows upper case in ASCII only, and has combining marks outside of words.
TEXTS = [
    "Hello the world, 12345 times!\n  在那里 – что это? \t<|im_end|> naïve",
    "  several   spaces\n\n and\tTABS\r\n, I'LL he's (there)   \n", "🙂🙂 日本語 ½ ٣",
    "x", " ", "\n", "\x00\x7f", "▁the ▁▁ heathen" * 20, "a" * 3000 + " " * 300,
    (ROOT / "docs" / "CONVERT.md").read_text(),
    (ROOT / "tests" / "harness" / "tiny_models.py").read_text(),
]


def texts() -> list[str]:
    chosen = random.Random(11)
    letters = [*"  \n\tabcXYZ0123'.,-<|>▁", *map(chr, range(0xC0, 0x180)), *"中文かなハングル한글🙂"]
    return [*TEXTS, *("".join(chosen.choice(letters) for _ in range(40)) for _ in range(30))]


def differing(model, folder, texts, file, begins) -> list:
    """What of llama.cpp's is otherwise; `begins`: the BOS that it does not put in front here."""
    found = []
    for text in texts:
        ours = tokens_of(folder, text, file)
        assert ours.bos == begins
        if ours.ids != model.tokenize(text):
            found.append((text[:40], ours.ids[:12], model.tokenize(text)[:12]))
    return found


@pytest.mark.parametrize(("family", "begins"), [
    ("llama2", 1), ("llama3", 266), ("qwen2", None), ("deepseek-v3", 266)])
def test_the_same_as_llama_cpp(family, begins, tmp_path, llama, tiny):
    made = run(job(tiny(family), tmp_path / "out", "gguf:Q8_0"))
    assert made.code == 0, made.error
    model = llama.load(made / "Q8_0.gguf")
    assert differing(model, tiny(family), texts(), tmp_path / "text", begins) == []
    model.close()


def test_a_tokenizer_json_alone_gives_what_its_tokenizer_model_gives(tmp_path):
    source = tmp_path / "m"
    tiny_models.write_model(source, "llama2")
    of_model = [tokens_of(source, text, tmp_path / "text").ids for text in texts()]
    (source / "tokenizer.json").write_text(json.dumps(tiny_models.merged_tokenizer()))
    (source / "tokenizer.model").unlink()
    assert [tokens_of(source, text, tmp_path / "text").ids for text in texts()] == of_model


def test_text_is_marked_up_for_nobody(tmp_path, tiny):
    """A special token in it is its letters."""
    made = tokens_of(tiny("llama3"), "<|begin_of_text|>", tmp_path / "text")
    assert made.bos not in made.ids and len(made.ids) > 10


def test_a_wrong_question_and_what_is_refused(tmp_path, tiny):
    folder, file = str(tiny("qwen2")), tmp_path / "text"
    assert ask("{").code == 2
    assert ask({"model": folder}).code == 2
    assert ask({"model": folder, "text": str(file), "of": 1}).code == 2
    file.write_bytes(b"a\xff")
    refused = ask({"model": folder, "text": str(file)})
    assert refused.code == 3 and "UTF-8" in refused.error
    source = tmp_path / "m"
    tiny_models.write_model(source, "qwen2")
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = r"\w+"
    (source / "tokenizer.json").write_text(json.dumps(tokenizer))
    file.write_text("a")
    refused = ask({"model": str(source), "text": str(file)})
    assert refused.code == 3 and r"\w" in refused.error


def test_a_search_without_end_is_an_error(tmp_path):
    source, file = tmp_path / "m", tmp_path / "text"
    tiny_models.write_model(source, "qwen2")
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = r"(a*)*(a*)*b|(a|aa)+c"
    (source / "tokenizer.json").write_text(json.dumps(tokenizer))
    file.write_text("a" * 5000)
    assert "cannot be matched" in ask({"model": str(source), "text": str(file)}).error
