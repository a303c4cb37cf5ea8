"""Prints the vectors of quantize_linear_test.cc as compressed-tensors has them.

    python linear_vectors.py [--check tests/convert/quant/linear/quantize_linear_test.cc]

Runs in the environment of torch_environment.py, by hand when a format is added; with --check (make
golden) it fails unless the test has these and no others. Each line: format, type of the scales,
SHA-256 of codes and scales (and the global scale), SHA-256 of the values that they decompress to.
"""

import hashlib
import pathlib
import re
import sys

import numpy
import torch
from compressed_tensors.compressors.base import BaseCompressor
from compressed_tensors.quantization import preset_name_to_scheme
from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam

FORMATS = {
    "fp8_dynamic": ("FP8_DYNAMIC", "float-quantized", (133, 200), 448),
    "fp8_block": ("FP8_BLOCK", "float-quantized", (133, 200), 448),
    "int8": ("INT8", "int-quantized", (133, 200), 127.5),
    "w4a16": ("W4A16", "pack-quantized", (133, 384), 7.5),
    "nvfp4": ("NVFP4A16", "nvfp4-pack-quantized", (133, 384), None),
}
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
RECORDED = re.compile(
    r'\{LinearFormat::(\w+), Dtype::(\w+),\s*"([0-9a-f]{64})",\s*"([0-9a-f]{64})"\}')


def split_mix(seed: int, count: int) -> numpy.ndarray:
    """The first `count` words of SplitMix64."""
    with numpy.errstate(over="ignore"):
        steps = numpy.arange(1, count + 1, dtype=numpy.uint64)
        z = numpy.uint64(seed) + steps * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def weight(rows: int, columns: int) -> torch.Tensor:
    """Rows of 24-bit values in eight magnitudes; row 3 is zero, as is half of row 5."""
    words = (split_mix(1, rows * columns) >> numpy.uint64(40)).astype(numpy.int64) - (1 << 23)
    scales = 2.0 ** (numpy.arange(rows) % 8 - 32)
    values = (words.reshape(rows, columns) * scales[:, None]).astype(numpy.float32)
    values[3] = 0
    values[5, : columns // 2] = 0
    return torch.from_numpy(values)


def groups(values: torch.Tensor, arguments) -> tuple[torch.Tensor, torch.Tensor]:
    """The least and the largest of each group that has a scale."""
    rows, columns = values.shape
    if arguments.strategy == "channel":
        view, dims = values, (1,)
    elif arguments.strategy == "block":
        high, wide = -(-rows // 128), -(-columns // 128)
        padded = torch.zeros(high * 128, wide * 128)
        padded[:rows, :columns] = values
        view, dims = padded.view(high, 128, wide, 128), (1, 3)
    else:
        view, dims = values.view(rows, -1, arguments.group_size), (2,)
    keep = arguments.strategy == "channel"
    return view.amin(dims, keepdim=keep), view.amax(dims, keepdim=keep)


def stored(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().view(torch.uint8).numpy().tobytes()


def vectors(name: str, dtype: torch.dtype) -> tuple[str, str]:
    preset, compressor, shape, half_range = FORMATS[name]
    scheme, values = preset_name_to_scheme(preset, ["Linear"]), weight(*shape)
    low, high = groups(values, scheme.weights)
    state = {"weight": values}
    if name == "nvfp4":
        state["weight_global_scale"] = generate_gparam(values.amin(), values.amax())
    scale, _ = calculate_qparams(
        low, high, scheme.weights, global_scale=state.get("weight_global_scale")
    )
    if dtype != torch.float32:  # the rule of calculate_qparams, of a scale already rounded
        scale = (torch.maximum(low.abs(), high.abs()) / half_range).to(dtype)
        scale[scale == 0] = torch.finfo(dtype).eps
    state["weight_scale"] = scale
    compressor = BaseCompressor.get_value_from_registry(compressor)
    packed = compressor.compress(state, scheme)
    codes = packed["weight_packed" if "weight_packed" in packed else "weight"]
    written = stored(codes) + stored(packed["weight_scale"])
    if name == "nvfp4":
        written += stored(packed["weight_global_scale"])
    decoded = compressor.decompress(packed, scheme)["weight"]
    return hashlib.sha256(written).hexdigest(), hashlib.sha256(stored(decoded)).hexdigest()


def main() -> int:
    found = [(name, label, *vectors(name, dtype)) for name in FORMATS
             for label, dtype in DTYPES.items()
             if label == "f32" or name not in ("fp8_block", "nvfp4")]
    for line in found:
        print(*line)
    if sys.argv[1:2] != ["--check"]:
        return 0
    differing = set(found) ^ set(RECORDED.findall(pathlib.Path(sys.argv[2]).read_text()))
    for line in sorted(differing):
        print("differs:", *line)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
