"""What the converter writes as safetensors, read by those who define the formats:
compressed-tensors and, for FP8 in blocks (FORMATS 5.2, DeepSeek's form), also transformers. Their
configuration classes parse the config.json, so its keys are checked with it.

They decompress to the model's type, NVFP4 to BF16; the converter reads its own files in F32. Equal
means: the same bits once ours are rounded to their type. Runs where torch is: make golden.
"""

import json
import os
import pathlib
import re

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest  # noqa: E402
import tiny_models  # noqa: E402
import torch  # noqa: E402
from compressed_tensors.compressors.format import infer_module_format  # noqa: E402
from compressed_tensors.entrypoints.convert import convert_checkpoint  # noqa: E402
from compressed_tensors.entrypoints.convert.converters import (  # noqa: E402
    CompressedTensorsDequantizer, FP8BlockDequantizer)
from compressed_tensors.quantization import (  # noqa: E402
    QuantizationConfig, QuantizationStatus, preset_name_to_scheme)
from compressed_tensors.utils import match_named_modules  # noqa: E402
from converter import job, run  # noqa: E402
from gguf_file import Gguf  # noqa: E402
from oracles.load_converted import load, logits_of, relative  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM, FineGrainedFP8Config  # noqa: E402

# target: (compressed-tensors' name of the scheme, error of a weight at most, as a share of it)
TARGETS = {"fp8-dynamic": ("FP8_DYNAMIC", 0.03), "fp8-block": (None, 0.03), "int8": ("INT8", 0.02),
           "w4a16": ("W4A16", 0.19), "nvfp4": ("NVFP4A16", 0.1)}
LOGITS_ERROR = {"fp8-dynamic": 0.15, "fp8-block": 0.15, "int8": 0.1, "w4a16": 0.7, "nvfp4": 0.4}
# What of the tiny models is quantized: all their extents fit every format.
LINEAR = re.compile(r"\.layers\.\d+\..*(_proj|_proj_with_mqa|\.w[123])\.weight$")
# compressed-tensors' reader of files sees names without classes: these are no Linear.
NO_LINEAR = ("re:.*embed_tokens$", "re:.*norm$")
# transformers 5.24 has no fused experts in INT8 (an error) or NVFP4 (their global scale is lost),
# and without a GPU reads no FP8 whose last block is cut, such as DeepSeek's kv_a_proj_with_mqa.
LOADED = [("qwen2", target) for target in TARGETS] + [
    (family, target) for family in ("qwen3-moe", "mixtral", "deepseek-v3")
    for target in ("fp8-dynamic", "fp8-block", "w4a16")
    if (family, target) != ("deepseek-v3", "fp8-block")]


def converted(source: pathlib.Path, output: pathlib.Path, target: str, **members) -> pathlib.Path:
    """The folder or the file that came of it."""
    done = run(job(source, output, target, **members))
    assert done.code == 0, done.error
    kind, name = target.split(":")
    return done / (f"{name}.gguf" if kind == "gguf" else name)


def quantization(folder: pathlib.Path) -> dict:
    return json.loads((folder / "config.json").read_text())["quantization_config"]


def decompressed(folder: pathlib.Path, output: pathlib.Path, dtype: torch.dtype) -> pathlib.Path:
    """The whole model as compressed-tensors decompresses it, each weight stored as `dtype`."""
    config = quantization(folder)
    if config["quant_method"] == "fp8":
        reader = FP8BlockDequantizer.from_pretrained(
            folder, weight_block_size=tuple(config["weight_block_size"]), dtype=dtype)
    else:
        reader = CompressedTensorsDequantizer(folder, ignore=NO_LINEAR, dtype=dtype)
    convert_checkpoint(folder, output, reader, device="cpu")  # fails if a scale is left over
    return output


def tensors(folder: pathlib.Path) -> dict[str, torch.Tensor]:
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= load_file(file)
    return found


def as_f32(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.float32)


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Also of zeros' signs."""
    return one.dtype == other.dtype and torch.equal(one.view(torch.uint8), other.view(torch.uint8))


def differing(ours: Gguf, theirs: Gguf, dtype: torch.dtype) -> list[str]:
    """Tensors of F32 that are neither the same nor, `ours` rounded to `dtype`, become the same."""
    assert list(ours.tensors) == list(theirs.tensors)
    names = []
    for name, (kind, extents, data) in ours.tensors.items():
        assert (kind, extents) == theirs.tensors[name][:2] and kind == 0, name
        wanted = as_f32(theirs.tensors[name][2])
        if data != theirs.tensors[name][2] and not same_bits(
                as_f32(data).to(dtype).float(), wanted):
            names.append(name)
    return names


def check_same(packed: pathlib.Path, plain: pathlib.Path, place: pathlib.Path, dtype) -> None:
    """Both as GGUF, which stacks experts and permutes rows alike."""
    members = {"via": "direct", "allow_requantize": True}
    ours = converted(packed, place / "ours", "gguf:F32", **members)
    theirs = converted(plain, place / "theirs", "gguf:F32", **members)
    assert differing(Gguf(ours), Gguf(theirs), dtype) == []


def check(source: pathlib.Path, target: str, place: pathlib.Path, dtype: torch.dtype) -> None:
    """@param dtype  what compressed-tensors decompresses this target of that model to"""
    made = converted(source, place / "made", f"safetensors:{target}")
    plain = decompressed(made, place / "plain", dtype)
    wanted, stored, found = tensors(source), tensors(made), tensors(plain)
    assert found.keys() == wanted.keys()
    quantized = {name for name in wanted if LINEAR.search(name)}
    assert quantized
    for name, tensor in wanted.items():
        assert found[name].shape == tensor.shape, name
        if name in quantized:
            assert name not in stored or stored[name].dtype in (torch.float8_e4m3fn, torch.int8)
            assert found[name].dtype == dtype, name
            assert 0 < relative(found[name], tensor) < TARGETS[target][1], name
        else:
            assert same_bits(found[name], tensor), name
    check_same(made, plain, place, dtype)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_they_decompress_to_what_the_converter_reads(family, target, tiny, tmp_path):
    check(tiny(family), target, tmp_path, torch.bfloat16)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", ["F16", "F32"])
def test_scales_of_other_types(dtype, target, tmp_path):
    tiny_models.write_model(tmp_path / "source", "qwen2", dtype=dtype)
    as_decompressed = torch.float16 if dtype == "F16" else torch.float32
    if target == "nvfp4":
        as_decompressed = torch.bfloat16
    check(tmp_path / "source", target, tmp_path, as_decompressed)


def test_fp8_as_deepseek_publishes_it_is_read_alike(tmp_path):
    source = tmp_path / "source"
    tiny_models.write_model(source, "deepseek-v3", fp8=True)
    plain = decompressed(source, tmp_path / "plain", torch.bfloat16)
    check_same(source, plain, tmp_path, torch.bfloat16)


@pytest.mark.parametrize("target", [name for name, (scheme, _) in TARGETS.items() if scheme])
def test_the_config_is_their_preset(target, tiny, tmp_path):
    written = quantization(converted(tiny("qwen2"), tmp_path, f"safetensors:{target}"))
    config = QuantizationConfig.model_validate(written)
    assert config.quantization_status == QuantizationStatus.COMPRESSED
    (_, scheme), = config.config_groups.items()
    assert config.format == infer_module_format(torch.nn.Linear, scheme).value
    preset = preset_name_to_scheme(TARGETS[target][0], ["Linear"])
    if target == "nvfp4":
        # Newer releases take E4M3 where it is absent; those up to 0.12 refuse the key.
        assert preset.weights.scale_dtype == torch.float8_e4m3fn
        preset.weights.scale_dtype = None
    assert scheme.model_dump() == preset.model_dump()


def test_the_config_of_blocks_is_deepseeks(tiny, tmp_path):
    written = quantization(converted(tiny("qwen2"), tmp_path, "safetensors:fp8-block"))
    assert written.pop("fmt") == "e4m3"
    config = FineGrainedFP8Config(**written)
    assert config.quant_method == "fp8" and config.activation_scheme == "dynamic"
    assert tuple(config.weight_block_size) == (128, 128)


@pytest.mark.parametrize("target", ["int8", "fp8-block"])
@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_a_linear_is_quantized_or_ignored(family, target, tiny, tmp_path):
    """By the classes of transformers' models; its fused experts are none of them."""
    made = converted(tiny(family), tmp_path, f"safetensors:{target}")
    config = quantization(made)
    ignored = config["modules_to_not_convert" if target == "fp8-block" else "ignore"]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tiny(family)))
    expected = {f"{name}.weight" for name, _ in match_named_modules(model, ["Linear"], ignored)}
    found = {name for name, tensor in tensors(made).items()
             if tensor.dtype in (torch.float8_e4m3fn, torch.int8) and ".experts." not in name}
    assert found and found == expected


@pytest.mark.parametrize("family, target", LOADED)
def test_transformers_loads_and_computes(family, target, tiny, tmp_path):
    made = converted(tiny(family), tmp_path / "made", f"safetensors:{target}")
    source, dequantized = load(tiny(family)), load(made)
    wanted, found = source.state_dict(), dequantized.state_dict()
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert relative(found[name], tensor) < TARGETS[target][1], name
    assert relative(logits_of(dequantized), logits_of(source)) < LOGITS_ERROR[target]


@pytest.mark.parametrize("target", TARGETS)
def test_transformers_has_the_same_weights(target, tiny, tmp_path):
    """Left compressed and decompressed by ModelCompressor when they are first used; FP8 in blocks
    by transformers itself, as it reads them."""
    made = converted(tiny("qwen2"), tmp_path / "made", f"safetensors:{target}")
    wanted = tensors(decompressed(made, tmp_path / "plain", torch.bfloat16))
    model = AutoModelForCausalLM.from_pretrained(made)
    logits = logits_of(model)
    found = model.state_dict()
    for name, tensor in wanted.items():
        assert same_bits(found[name], tensor), name
    source = load(tiny("qwen2"))
    assert relative(logits, logits_of(source)) < LOGITS_ERROR[target]
