"""Loads a converted model with transformers, dequantized, and compares it with its source.

    python load_converted.py SOURCE CONVERTED

Runs in the environment of torch_environment.py. Prints the largest relative error of a weight and
of the logits; fails if a weight did not arrive, one that is not quantized changed, or an error is
beyond 4 bits'. transformers 5.24 cannot load experts in INT8 (an error) or NVFP4 (it leaves the
global scale out), as its fused experts know FP8 and packed integers only, nor FP8 in blocks of
which the last is cut.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, CompressedTensorsConfig, FineGrainedFP8Config

WEIGHT_ERROR_MAX = 0.2  # of RMS; rounding to 4 bits is at 0.12
QUANTIZED = ("_proj.weight", "_proj_with_mqa.weight")


def load(folder: pathlib.Path):
    """The model with its weights dequantized as they are read."""
    config = json.loads((folder / "config.json").read_text())
    method = config.get("quantization_config", {}).get("quant_method")
    options = {}
    if method == "fp8":
        options["quantization_config"] = FineGrainedFP8Config(dequantize=True)
    elif method == "compressed-tensors":
        options["quantization_config"] = CompressedTensorsConfig(dequantize=True)
    return AutoModelForCausalLM.from_pretrained(folder, **options)


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """The error, as a share of `wanted`."""
    return float((found.float() - wanted.float()).norm() / wanted.float().norm().clamp(min=1e-30))


def logits_of(model) -> torch.Tensor:
    """Of the first 32 tokens of the vocabulary, as a text."""
    with torch.no_grad():
        return model(torch.arange(32)[None]).logits


def main() -> int:
    source, converted = (load(pathlib.Path(folder)) for folder in sys.argv[1:3])
    wanted, found = source.state_dict(), converted.state_dict()
    missing = sorted(wanted.keys() - found.keys())
    errors = {name: relative(found[name], wanted[name]) for name in wanted if name in found}
    worst = max(errors, key=errors.get)
    kept = [name for name in errors if not name.endswith(QUANTIZED) and "experts" not in name]
    changed = [name for name in kept if errors[name] != 0]
    logits = relative(logits_of(converted), logits_of(source))
    print(f"weights: {len(errors)}, worst {worst} {errors[worst]:.4f}; logits {logits:.4f}")
    print(f"missing: {missing}; changed though not quantized: {changed}")
    return 1 if missing or changed or errors[worst] > WEIGHT_ERROR_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
