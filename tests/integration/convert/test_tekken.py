"""A Mistral whose tokenizer is tekken.json alone: llama.cpp splits texts with its GGUF as
tiktoken's way of merging does with the same vocabulary (written here anew, by ranks alone).
"""

import base64
import collections
import itertools
import json
import re
import sys
import unicodedata

import pytest
import tiny_models
from converter import job, run
from gguf_file import Gguf
from text_tokens import tokens_of

PATTERN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
           r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
           r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = 30
UNREACHED = b"zqxjkv"  # no two of its letters are a token
# llama.cpp's own form of the pattern tells upper from lower case in ASCII only, and has combining
# marks outside of words: neither is in these.
TEXTS = [
    "Hello the world, the other thing then: 12345 times!",
    "  several   spaces\n\n and\tTABS\r\n, camelCaseWords HTTPServer the.the/the//\n",
    "在那里 – что это? naïve café zqxjkv zqxjkva éé ééé 🙂🙂 日本語",
    "aaaaaaaaa aaaaaaaaaa aaa banana bananas nananana anananan",
    "<s> [INST] no control tokens </s>",
    "x", " ", "\n", "\x00\x7f",
]


def of_category(name: str) -> str:
    """The characters of a Unicode category, as ranges of a class of `re`."""
    codes = [code for code in range(sys.maxunicode + 1)
             if unicodedata.category(chr(code)).startswith(name)]
    runs = itertools.groupby(enumerate(codes), lambda pair: pair[1] - pair[0])
    ends = [(found[0][1], found[-1][1]) for found in (list(run) for _, run in runs)]
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ends)


def splitter() -> re.Pattern:
    classes = {name: of_category(name) for name in set(re.findall(r"\\p\{(\w+)\}", PATTERN))}
    bracketed = PATTERN.replace(r"|\p{N}|", r"|[\p{N}]|")
    return re.compile(re.sub(r"\\p\{(\w+)\}", lambda found: classes[found[1]], bracketed))


def merged(piece: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """Of all neighbours that are a token together, the lowest become one, until none are left."""
    if piece in ranks:
        return [piece]
    parts = [piece[at:at + 1] for at in range(len(piece))]
    while True:
        pairs = [(ranks[left + right], at)
                 for at, (left, right) in enumerate(itertools.pairwise(parts))
                 if left + right in ranks]
        if not pairs:
            return parts
        at = min(pairs)[1]
        parts[at:at + 2] = [parts[at] + parts[at + 1]]


def trained(pieces: list[bytes], count: int) -> list[bytes]:
    """The 256 bytes, `count` tokens more of what stands together most often, one out of reach."""
    tokens = [bytes([value]) for value in range(256)]
    for _ in range(count):
        ranks = {token: rank for rank, token in enumerate(tokens)}
        counts = collections.Counter(
            left + right for piece in pieces
            for left, right in itertools.pairwise(merged(piece, ranks) if len(piece) > 1 else []))
        best = max(counts, key=lambda token: (counts[token], token))
        tokens.append(best)
    return [*tokens, UNREACHED]


@pytest.fixture(scope="module")
def split():
    return splitter()


@pytest.fixture(scope="module")
def tokens(split):
    pieces = [piece.encode() for text in TEXTS for piece in split.findall(text)
              if "zqxjkv" not in piece]
    return trained(pieces, 150)


def tekken_json(tokens: list[bytes]) -> dict:
    return {
        "config": {"pattern": PATTERN, "num_vocab_tokens": len(tokens) + 1,
                   "default_vocab_size": SPECIALS + len(tokens),
                   "default_num_special_tokens": SPECIALS, "version": "v7"},
        "vocab": [{"rank": rank, "token_bytes": base64.b64encode(token).decode(),
                   "token_str": token.decode(errors="ignore") or None}
                  for rank, token in enumerate([*tokens, b"beyond the vocabulary"])]}


@pytest.fixture
def source(tmp_path, tokens):
    """A tiny Mistral in Mistral's own form of a repository."""
    folder = tmp_path / "m"
    tiny_models.write_model(folder, "mistral")
    (folder / "tokenizer.model").unlink()
    (folder / "tokenizer_config.json").unlink()
    (folder / "tekken.json").write_text(json.dumps(tekken_json(tokens)))
    return folder


def test_llama_cpp_splits_as_tiktoken_does(source, tmp_path, llama, split, tokens):
    made = run(job(source, tmp_path / "out", "gguf:Q8_0"))
    assert made.code == 0, made.error
    model = llama.load(made / "Q8_0.gguf")
    try:
        assert model.tokens == tiny_models.VOCABULARY
        ranks = {token: rank for rank, token in enumerate(tokens)}
        longest = 0
        for text in TEXTS:
            parts = [part for piece in split.findall(text)
                     for part in merged(piece.encode(), ranks)]
            assert b"".join(parts) == text.encode()
            assert model.tokenize(text) == [SPECIALS + ranks[part] for part in parts], text
            ours = tokens_of(source, text, tmp_path / "text")
            assert (ours.bos, ours.ids) == (1, model.tokenize(text)), text
            longest = max(longest, *map(len, parts))
        assert longest > 4
        unreached = SPECIALS + ranks[UNREACHED]
        assert model.tokenize("zqxjkv") == [unreached]
        assert unreached not in model.tokenize("zqxjkva")
        assert model.tokenize("[INST]x[/INST]<pad>", special=True) == [
            1, 3, SPECIALS + ranks[b"x"], 4, 11]
        assert len(model.generate([1, 3, 40], 2)) == 2
    finally:
        model.close()


def test_what_the_gguf_says(source, tmp_path, tokens):
    (source / "chat_template.jinja").write_text("{{ messages }}")
    made = run(job(source, tmp_path / "out", "gguf:Q8_0"))
    assert made.code == 0, made.error
    pairs = Gguf(made / "Q8_0.gguf").pairs
    texts = pairs["tokenizer.ggml.tokens"]
    used = SPECIALS + len(tokens)
    assert texts[:3] + texts[19:21] == ["<unk>", "<s>", "</s>", "[TOOL_CONTENT]", "<SPECIAL_20>"]
    letters = tiny_models.byte_alphabet()
    assert texts[SPECIALS:used] == ["".join(letters[value] for value in token) for token in tokens]
    assert texts[used:] == [f"[PAD{at}]" for at in range(used, tiny_models.VOCABULARY)]
    assert pairs["tokenizer.ggml.token_type"] == (
        [3] * SPECIALS + [1] * len(tokens) + [5] * (tiny_models.VOCABULARY - used))
    assert len(pairs["tokenizer.ggml.merges"]) == len(tokens) - 256 - 1
    assert pairs["tokenizer.chat_template"] == "{{ messages }}"


@pytest.mark.parametrize(("key", "value", "says"), [
    ("pattern", r"\p{L}+", "no name for this pattern"),
    ("default_vocab_size", tiny_models.VOCABULARY + 1, "more than 512"),
    ("version", "v13", "no special_tokens"),
])
def test_what_is_refused(source, tmp_path, key, value, says):
    tekken = json.loads((source / "tekken.json").read_text())
    tekken["config"][key] = value
    (source / "tekken.json").write_text(json.dumps(tekken))
    made = run(job(source, tmp_path / "out", "gguf:Q8_0"))
    assert made.code != 0
    assert says in made.error
