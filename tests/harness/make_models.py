"""Makes repositories shaped like real ones: config, tokenizer, index and BF16 safetensors weights.

The values are seeded normals with the spread of trained layers, so that the bytes compress and
chunk as real weights do. Same seed, same bytes.
"""

import json
import pathlib
import sys

import numpy

BLOCK = 1 << 22


def llama(layers: int, hidden: int, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Tensor names and shapes of LlamaForCausalLM."""
    inner, kv = hidden * 11 // 4 // 32 * 32, hidden // 4
    shapes = {"model.embed_tokens.weight": (vocabulary, hidden)}
    for layer in range(layers):
        at = f"model.layers.{layer}."
        shapes |= {
            at + "self_attn.q_proj.weight": (hidden, hidden),
            at + "self_attn.k_proj.weight": (kv, hidden),
            at + "self_attn.v_proj.weight": (kv, hidden),
            at + "self_attn.o_proj.weight": (hidden, hidden),
            at + "mlp.gate_proj.weight": (inner, hidden),
            at + "mlp.up_proj.weight": (inner, hidden),
            at + "mlp.down_proj.weight": (hidden, inner),
            at + "input_layernorm.weight": (hidden,),
            at + "post_attention_layernorm.weight": (hidden,),
        }
    return shapes | {"model.norm.weight": (hidden,), "lm_head.weight": (vocabulary, hidden)}


def qwen2(layers: int, hidden: int, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Qwen2ForCausalLM: as Llama, with biases on q, k, v and the embedding tied to the head."""
    shapes = llama(layers, hidden, vocabulary)
    del shapes["lm_head.weight"]
    for layer in range(layers):
        for name, size in (("q", hidden), ("k", hidden // 4), ("v", hidden // 4)):
            shapes[f"model.layers.{layer}.self_attn.{name}_proj.bias"] = (size,)
    return shapes


def bf16_bytes(random: numpy.random.Generator, count: int):
    """`count` BF16 values in blocks of bytes."""
    while count > 0:
        now = min(count, BLOCK)
        values = random.standard_normal(now, dtype=numpy.float32) * numpy.float32(0.02)
        yield (values.view(numpy.uint32) >> 16).astype("<u2").tobytes()
        count -= now


def write_weights(path: pathlib.Path, shapes: dict, random: numpy.random.Generator) -> None:
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        size = 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for shape in shapes.values():
            for block in bf16_bytes(random, int(numpy.prod(shape))):
                file.write(block)


def split(shapes: dict, part_bytes: int) -> list[dict]:
    parts, size = [{}], 0
    for name, shape in shapes.items():
        tensor = 2 * int(numpy.prod(shape))
        if parts[-1] and size + tensor > part_bytes:
            parts.append({})
            size = 0
        parts[-1][name] = shape
        size += tensor
    return parts


def write_repo(folder, kind: str, layers=6, hidden=1024, vocabulary=16000, seed=1) -> pathlib.Path:
    """Writes one repository of about 200 MB (with the defaults); returns `folder`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(seed)
    shapes = {"llama": llama, "qwen2": qwen2}[kind](layers, hidden, vocabulary)
    parts = split(shapes, 64 << 20)
    index = {"metadata": {"total_size": sum(2 * int(numpy.prod(s)) for s in shapes.values())}}
    index["weight_map"] = {}
    for number, part in enumerate(parts, 1):
        name = f"model-{number:05}-of-{len(parts):05}.safetensors"
        write_weights(folder / name, part, random)
        index["weight_map"] |= {tensor: name for tensor in part}
    config = {
        "architectures": [{"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}[kind]],
        "model_type": kind, "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": 16, "num_key_value_heads": 4, "vocab_size": vocabulary,
        "intermediate_size": hidden * 11 // 4 // 32 * 32, "torch_dtype": "bfloat16",
    }
    words = {f"tok{n}": n for n in range(vocabulary)}
    tokenizer = {"version": "1.0", "model": {"type": "BPE", "vocab": words, "merges": []}}
    card = f"---\nlicense: apache-2.0\nlibrary_name: transformers\ntags:\n- {kind}\n---\n# {kind}\n"
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    (folder / "README.md").write_text(card)
    return folder


if __name__ == "__main__":
    write_repo(sys.argv[1], sys.argv[2], seed=int(sys.argv[3]) if len(sys.argv) > 3 else 1)
