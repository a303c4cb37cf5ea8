"""Makes a tiny model of every architecture that the converter knows, as its publisher would lay it
out: config.json, tokenizer files, weights in safetensors. Seeded; hidden size 256, so that blocks
of 256 fit, a few layers, 512 tokens. FORMATS 9.
"""

import json
import pathlib
import struct
import zlib

import numpy

HIDDEN, HEADS, KEY_HEADS, HEAD, FEED, VOCABULARY = 256, 4, 2, 64, 512, 512
EXPERTS, EXPERT_FEED = 8, 256

# The split patterns that the families publish.
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
DEEPSEEK3 = [
    r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]


def byte_alphabet() -> list[str]:
    """The letters that byte-level BPE has for the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]


def byte_level_tokenizer(patterns, specials, normalizer=None, bos=None) -> dict:
    """tokenizer.json of a byte-level BPE with a handful of merges; special tokens come last."""
    letters = byte_alphabet()
    vocabulary = {letter: at for at, letter in enumerate(sorted(letters))}
    merges = ["h e", "l l", "he ll", "Ġ t", "Ġt h", "i n", "e r", "o n", "Ġ a", "r e"]
    for merge in merges:
        vocabulary[merge.replace(" ", "")] = len(vocabulary)
    added = [
        {"id": len(vocabulary) + at, "content": text, "special": True, "single_word": False,
         "lstrip": False, "rstrip": False, "normalized": False}
        for at, text in enumerate(specials)
    ]
    splits = [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated",
               "invert": False} for pattern in patterns]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False,
                  "use_regex": False}
    ids = {token["content"]: token["id"] for token in added}
    single = [{"Sequence": {"id": "A", "type_id": 0}}]
    if bos:
        single.insert(0, {"SpecialToken": {"id": bos, "type_id": 0}})
    template = {"type": "TemplateProcessing", "single": single,
                "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {bos: {"id": bos, "ids": [ids[bos]], "tokens": [bos]}}
                if bos else {}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, byte_level]},
        "post_processor": template if bos else byte_level, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocabulary, "merges": merges},
    }


PIECE_UNKNOWN, PIECE_CONTROL, PIECE_NORMAL, PIECE_BYTE = 2, 3, 1, 6


def sentencepieces() -> list[tuple[str, float, int]]:
    """<unk>, <s>, </s>, the 256 bytes and some pieces, with their scores and types."""
    pieces = [("<unk>", 0.0, PIECE_UNKNOWN), ("<s>", 0.0, PIECE_CONTROL),
              ("</s>", 0.0, PIECE_CONTROL)]
    pieces += [(f"<0x{value:02X}>", 0.0, PIECE_BYTE) for value in range(256)]
    words = ["▁", "▁t", "he", "▁the", "in", "er", "▁a", "on", *"etaoinshrdlucmfwypvbgkjqxzETAOIN"]
    return pieces + [
        (word, -float(at), PIECE_NORMAL) for at, word in enumerate(dict.fromkeys(words))]


def merged_tokenizer() -> dict:
    """The tokenizer.json that transformers makes of that tokenizer.model (generate_merges)."""
    pieces = sentencepieces()
    vocabulary = {text: at for at, (text, _, _) in enumerate(pieces)}
    merges = []
    for text, score, kind in pieces:
        cuts = [(text[:at], text[at:]) for at in range(1, len(text)) if kind == PIECE_NORMAL]
        merges += [(score, len(left), len(right), left, right) for left, right in cuts
                   if left in vocabulary and right in vocabulary]
    merges.sort(key=lambda merge: merge[:3], reverse=True)
    steps = [{"type": "Prepend", "prepend": "▁"},
             {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]
    return {
        "version": "1.0", "truncation": None, "padding": None, "pre_tokenizer": None,
        "added_tokens": [{"id": at, "content": text, "special": True, "single_word": False,
                          "lstrip": False, "rstrip": False, "normalized": False}
                         for at, (text, _, _) in enumerate(pieces[:3])],
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
                  "ignore_merges": False, "vocab": vocabulary,
                  "merges": [f"{left} {right}" for *_, left, right in merges]},
    }


def sentencepiece_model() -> bytes:
    """tokenizer.model of sentencepieces(), which splits texts as Llama 2's."""
    pieces = sentencepieces()

    def field(number: int, kind: int, payload: bytes) -> bytes:
        head = bytes([number << 3 | kind])
        return head + (bytes([len(payload)]) if kind == 2 else b"") + payload

    model = b"".join(
        field(1, 2, field(1, 2, text.encode()) + field(2, 5, struct.pack("<f", score)) +
              (field(3, 0, bytes([kind])) if kind != PIECE_NORMAL else b""))
        for text, score, kind in pieces)
    trainer = field(3, 0, bytes([2])) + bytes([35 << 3 & 0x7F | 0x80, 35 >> 4, 1])
    normalizer = field(3, 0, bytes([1])) + field(4, 0, bytes([0])) + field(5, 0, bytes([1]))
    return model + field(2, 2, trainer) + field(3, 2, normalizer)


def attention(at: str, biased: bool = False, normed: bool = False) -> dict:
    query, key = HEADS * HEAD, KEY_HEADS * HEAD
    shapes = {at + "self_attn.q_proj.weight": (query, HIDDEN),
              at + "self_attn.k_proj.weight": (key, HIDDEN),
              at + "self_attn.v_proj.weight": (key, HIDDEN),
              at + "self_attn.o_proj.weight": (HIDDEN, query)}
    if biased:
        shapes |= {at + "self_attn.q_proj.bias": (query,), at + "self_attn.k_proj.bias": (key,),
                   at + "self_attn.v_proj.bias": (key,)}
    if normed:
        shapes |= {at + "self_attn.q_norm.weight": (HEAD,), at + "self_attn.k_norm.weight": (HEAD,)}
    return shapes


def latent_attention(at: str, query_rank: int | None) -> dict:
    query = HEADS * (64 + 64)
    shapes = {at + "self_attn.kv_a_proj_with_mqa.weight": (256 + 64, HIDDEN),
              at + "self_attn.kv_a_layernorm.weight": (256,),
              at + "self_attn.kv_b_proj.weight": (HEADS * (64 + 128), 256),
              at + "self_attn.o_proj.weight": (HIDDEN, HEADS * 128)}
    if query_rank is None:
        return shapes | {at + "self_attn.q_proj.weight": (query, HIDDEN)}
    return shapes | {at + "self_attn.q_a_proj.weight": (query_rank, HIDDEN),
                     at + "self_attn.q_a_layernorm.weight": (query_rank,),
                     at + "self_attn.q_b_proj.weight": (query, query_rank)}


def feed(at: str, width: int = FEED, names=("gate_proj", "up_proj", "down_proj")) -> dict:
    gate, up, down = names
    return {f"{at}{gate}.weight": (width, HIDDEN), f"{at}{up}.weight": (width, HIDDEN),
            f"{at}{down}.weight": (HIDDEN, width)}


def experts(at: str, names=("gate_proj", "up_proj", "down_proj")) -> dict:
    shapes = {at + "gate.weight": (EXPERTS, HIDDEN)}
    for expert in range(EXPERTS):
        shapes |= feed(f"{at}experts.{expert}.", EXPERT_FEED, names)
    return shapes


def model_shapes(layers: int, layer, tied: bool) -> dict:
    shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN)}
    for number in range(layers):
        at = f"model.layers.{number}."
        shapes |= layer(at, number)
        shapes |= {at + "input_layernorm.weight": (HIDDEN,),
                   at + "post_attention_layernorm.weight": (HIDDEN,)}
    shapes["model.norm.weight"] = (HIDDEN,)
    return shapes if tied else shapes | {"lm_head.weight": (VOCABULARY, HIDDEN)}


def config_of(class_name: str, layers: int, tied: bool, **others) -> dict:
    return {"architectures": [class_name], "hidden_size": HIDDEN, "intermediate_size": FEED,
            "num_attention_heads": HEADS, "num_key_value_heads": KEY_HEADS,
            "num_hidden_layers": layers, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-5,
            "max_position_embeddings": 4096, "rope_theta": 10000.0, "hidden_act": "silu",
            "tie_word_embeddings": tied, "torch_dtype": "bfloat16", **others}


def qwen2(layers=2, tied=True):
    shapes = model_shapes(
        layers, lambda at, _: attention(at, biased=True) | feed(at + "mlp."), tied)
    return config_of("Qwen2ForCausalLM", layers, tied, model_type="qwen2"), shapes


def qwen2_moe(layers=2):
    shapes = model_shapes(
        layers, lambda at, _: attention(at, biased=True) | experts(at + "mlp.") |
        feed(at + "mlp.shared_expert.", FEED) | {at + "mlp.shared_expert_gate.weight": (1, HIDDEN)},
        False)
    return config_of("Qwen2MoeForCausalLM", layers, False, model_type="qwen2_moe",
                     num_experts=EXPERTS, num_experts_per_tok=2,
                     moe_intermediate_size=EXPERT_FEED,
                     shared_expert_intermediate_size=FEED), shapes


def qwen3(layers=2):
    shapes = model_shapes(
        layers, lambda at, _: attention(at, normed=True) | feed(at + "mlp."), False)
    return config_of("Qwen3ForCausalLM", layers, False, model_type="qwen3", head_dim=HEAD), shapes


def qwen3_moe(layers=2):
    shapes = model_shapes(
        layers, lambda at, _: attention(at, normed=True) | experts(at + "mlp."), False)
    return config_of("Qwen3MoeForCausalLM", layers, False, model_type="qwen3_moe", head_dim=HEAD,
                     num_experts=EXPERTS, num_experts_per_tok=2, norm_topk_prob=True,
                     moe_intermediate_size=EXPERT_FEED), shapes


def llama3(layers=2):
    shapes = model_shapes(layers, lambda at, _: attention(at) | feed(at + "mlp."), False)
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    return config_of("LlamaForCausalLM", layers, False, model_type="llama",
                     rope_scaling=scaling) | {"rope_theta": 500000.0}, shapes


def llama2(layers=2):
    shapes = model_shapes(layers, lambda at, _: attention(at) | feed(at + "mlp."), False)
    return config_of("LlamaForCausalLM", layers, False, model_type="llama"), shapes


def mistral(layers=2):
    shapes = model_shapes(layers, lambda at, _: attention(at) | feed(at + "mlp."), False)
    return config_of("MistralForCausalLM", layers, False, model_type="mistral", head_dim=HEAD,
                     sliding_window=4096), shapes


def mixtral(layers=2):
    names = ("w1", "w3", "w2")
    shapes = model_shapes(
        layers, lambda at, _: attention(at) | {
            name: shape for name, shape in experts(at + "block_sparse_moe.", names).items()},
        False)
    return config_of("MixtralForCausalLM", layers, False, model_type="mixtral",
                     num_local_experts=EXPERTS, num_experts_per_tok=2) | {
                         "intermediate_size": EXPERT_FEED}, shapes


def deepseek(class_name: str, query_rank: int | None, layers: int, dense: int = 1, **others):
    def layer(at: str, number: int) -> dict:
        shapes = latent_attention(at, query_rank)
        if number < dense:
            return shapes | feed(at + "mlp.")
        shapes |= experts(at + "mlp.") | feed(at + "mlp.shared_experts.", EXPERT_FEED)
        if others["scoring_func"] == "sigmoid":
            shapes[at + "mlp.gate.e_score_correction_bias"] = (EXPERTS,)
        return shapes

    config = config_of(
        class_name, layers, False, q_lora_rank=query_rank, kv_lora_rank=256, qk_nope_head_dim=64,
        qk_rope_head_dim=64, v_head_dim=128, n_routed_experts=EXPERTS, n_shared_experts=1,
        num_experts_per_tok=2, moe_intermediate_size=EXPERT_FEED, first_k_dense_replace=dense,
        **others)
    # The norms inside of latent attention have this epsilon whatever the config says.
    return (config | {"num_key_value_heads": HEADS, "rms_norm_eps": 1e-6},
            model_shapes(layers, layer, False))


YARN = {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096, "beta_fast": 32,
        "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0}


# What the two V2 publish: V2-Lite has one group, V2 several.
V2 = {"model_type": "deepseek_v2", "scoring_func": "softmax", "norm_topk_prob": False,
      "rope_scaling": YARN | {"mscale": 0.707, "mscale_all_dim": 0.707}}
ONE_GROUP = {"topk_method": "greedy", "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.0}
BEST_GROUPS = {"topk_method": "group_limited_greedy", "n_group": 4, "topk_group": 2,
               "routed_scaling_factor": 16.0}


def deepseek_v2(layers=2, groups=ONE_GROUP):
    return deepseek("DeepseekV2ForCausalLM", 256, layers, **V2, **groups)


def deepseek_v2_lite(layers=27):
    """llama.cpp knows the one without compressed queries by its number of layers."""
    return deepseek("DeepseekV2ForCausalLM", None, layers, dense=26, **V2, **ONE_GROUP)


def deepseek_v3(layers=3):
    return deepseek("DeepseekV3ForCausalLM", 256, layers, model_type="deepseek_v3",
                    scoring_func="sigmoid", topk_method="noaux_tc", n_group=4, topk_group=2,
                    routed_scaling_factor=2.5, norm_topk_prob=True, rope_scaling=YARN)


# name: (config and shapes, tokenizer)
FAMILIES = {
    "qwen2": (qwen2, "qwen2"), "qwen2-moe": (qwen2_moe, "qwen2"), "qwen3": (qwen3, "qwen2"),
    "qwen3-moe": (qwen3_moe, "qwen2"), "llama3": (llama3, "llama3"), "llama2": (llama2, "spm"),
    "mistral": (mistral, "spm"), "mixtral": (mixtral, "spm"),
    "deepseek-v2": (deepseek_v2, "deepseek3"),
    "deepseek-v2-lite": (deepseek_v2_lite, "deepseek3"),
    "deepseek-v3": (deepseek_v3, "deepseek3"),
}


def write_tokenizer(folder: pathlib.Path, kind: str) -> None:
    settings = {"chat_template": "{% for m in messages %}{{ m['content'] }}{% endfor %}"}
    if kind == "spm":
        (folder / "tokenizer.model").write_bytes(sentencepiece_model())
        settings |= {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                     "add_bos_token": True, "add_eos_token": False,
                     "added_tokens_decoder": {
                         str(at): {"content": text, "special": True}
                         for at, text in enumerate(("<unk>", "<s>", "</s>"))}}
    elif kind == "llama3":
        tokenizer = byte_level_tokenizer(
            [LLAMA3], ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
            bos="<|begin_of_text|>")
        settings |= {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}
    elif kind == "deepseek3":
        begin, end = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
        tokenizer = byte_level_tokenizer(DEEPSEEK3, [begin, end], {"type": "Sequence",
                                                                   "normalizers": []}, begin)
        settings |= {"bos_token": begin, "eos_token": end, "add_bos_token": True,
                     "add_eos_token": False}
    else:
        tokenizer = byte_level_tokenizer(
            [QWEN2], ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], {"type": "NFC"})
        settings |= {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
                     "add_bos_token": False}
    if kind != "spm":
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, ensure_ascii=False))


def values(name: str, shape, seed: int) -> numpy.ndarray:
    """F32 values, seeded by name: heavy-tailed as trained weights, norms near one."""
    random = numpy.random.default_rng([seed, zlib.crc32(name.encode())])
    if "norm" in name:
        return (1 + 0.1 * random.standard_normal(shape)).astype(numpy.float32)
    spread = 0.02 if len(shape) > 1 else 0.1
    return (spread * random.standard_t(5, shape)).astype(numpy.float32)


def bf16_bits(array: numpy.ndarray) -> numpy.ndarray:
    bits = numpy.ascontiguousarray(array, numpy.float32).view(numpy.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2")


E4M3 = numpy.array([
    (-1) ** (code >> 7) * ((code & 7) * 2.0 ** -9 if code >> 3 & 15 == 0 else
                           (1 + (code & 7) / 8) * 2.0 ** ((code >> 3 & 15) - 7))
    for code in range(127)], numpy.float32)


def fp8_blocks(array: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Codes and 128x128 blocks' scales, as DeepSeek publishes (FORMATS 5.2)."""
    rows, columns = array.shape
    grid = (-(-rows // 128), -(-columns // 128))
    padded = numpy.zeros((grid[0] * 128, grid[1] * 128), numpy.float32)
    padded[:rows, :columns] = array
    blocks = padded.reshape(grid[0], 128, grid[1], 128)
    scales = (numpy.abs(blocks).max(axis=(1, 3)) / 448).astype(numpy.float32)
    scales[scales == 0] = 1
    scaled = numpy.abs(blocks / scales[:, None, :, None]).reshape(padded.shape)[:rows, :columns]
    above = numpy.searchsorted(E4M3, scaled).clip(1, 126)
    nearer = scaled - E4M3[above - 1] < E4M3[above] - scaled
    codes = (above - nearer).astype(numpy.uint8) | (array < 0).astype(numpy.uint8) << 7
    return codes, scales


# Type of plain weights: (as config.json has it, the bits of F32 values).
PLAIN = {"BF16": ("bfloat16", bf16_bits), "F16": ("float16", lambda array: array.astype("<f2")),
         "F32": ("float32", lambda array: array.astype("<f4"))}


def stored(name: str, shape, seed: int, fp8: bool, dtype: str) -> dict:
    """What a weight is in its file: plain, or FP8 and its scales."""
    array = values(name, shape, seed)
    is_linear = "_proj" in name and len(shape) == 2
    if not fp8 or not is_linear:
        return {name: (dtype, shape, PLAIN[dtype][1](array).tobytes())}
    codes, scales = fp8_blocks(array)
    return {name: ("F8_E4M3", shape, codes.tobytes()),
            name + "_scale_inv": ("F32", scales.shape, scales.tobytes())}


def write_safetensors(path: pathlib.Path, tensors: dict) -> None:
    """tensors: name -> (dtype, shape, bytes)."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(b"".join([struct.pack("<Q", len(text)), text,
                               *(data for _, _, data in tensors.values())]))


def write_model(folder: pathlib.Path, family: str, seed: int = 1, files: int = 1,
                fp8: bool = False, dtype: str = "BF16", **options):
    """The model of a family in `dtype` or FP8, in `files` weight files; returns its config."""
    make, tokenizer = FAMILIES[family]
    config, shapes = make(**options)
    config["torch_dtype"] = PLAIN[dtype][0]
    if fp8:
        config["quantization_config"] = {"quant_method": "fp8", "fmt": "e4m3",
                                         "activation_scheme": "dynamic",
                                         "weight_block_size": [128, 128]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    write_tokenizer(folder, tokenizer)
    names = list(shapes)
    parts = {f"model-{part + 1:05}-of-{files:05}.safetensors" if files > 1
             else "model.safetensors": names[part::files] for part in range(files)}
    where = {}
    for file, chosen in parts.items():
        tensors = {}
        for name in chosen:
            tensors |= stored(name, shapes[name], seed, fp8, dtype)
        write_safetensors(folder / file, tensors)
        where |= dict.fromkeys(tensors, file)
    if files > 1:
        (folder / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {}, "weight_map": where}))
    return config
