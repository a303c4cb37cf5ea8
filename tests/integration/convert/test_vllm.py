"""What the converter writes as safetensors, loaded by vLLM itself, on the CPU (load_in_vllm.py):
the scheme of each layer, and each parameter bit for bit what the file has. No kernel is run.

Runs where vLLM is: make golden.
"""

import re

import pytest
import tiny_models
import torch
from converter import job, run
from oracles.load_in_vllm import load
from safetensors.torch import load_file

# target: what vLLM computes (a Linear with, experts with)
SCHEMES = {
    "fp8-dynamic": ("CompressedTensorsW8A8Fp8", "CompressedTensorsW8A8Fp8MoEMethod"),
    "fp8-block": ("Fp8LinearMethod", "Fp8MoEMethod"),
    "int8": ("CompressedTensorsW8A8Int8", "CompressedTensorsW8A8Int8MoEMethod"),
    "w4a16": ("CompressedTensorsWNA16", "CompressedTensorsWNA16MoEMethod"),
    "nvfp4": ("CompressedTensorsW4A4Fp4", "CompressedTensorsW4A4Nvfp4MoEMethod")}
# vLLM's fused modules, and of what in the file they are made, one below the other.
FUSED = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "gate_up_proj": ("gate_proj", "up_proj"),
         "fused_qkv_a_proj": ("q_a_proj", "kv_a_proj_with_mqa")}
EXPERT = {"w13": (("gate_proj", "up_proj"), ("w1", "w3")), "w2": (("down_proj",), ("w2",))}
# Of caches, of what vLLM computes itself, and shapes, of which fused modules keep the last.
NOT_STORED = re.compile(
    r"\.attn\.|(input_scale|input_global_scale|"
    r"_zero_point|weight_shape|g_idx|_scale_ub|sort_indices)$")


def experts_of(name: str, stored: dict) -> list[list[str]] | None:
    """Of a parameter of all experts: for each the file's tensors."""
    found = re.fullmatch(r"(.*\.experts)\.(?:\w+\.)?(w13|w2)_(\w+)", name)
    if not found:
        return None
    place, part, kind = found.groups()
    names = next(each for each in EXPERT[part] if f"{place}.0.{each[0]}.{kind}" in stored)
    return [[f"{place}.{expert}.{each}.{kind}" for each in names]
            for expert in range(tiny_models.EXPERTS)]


def wanted(name: str, stored: dict) -> tuple[list[str], torch.Tensor]:
    """The file's tensors that a parameter is made of, and its value by them."""
    experts = experts_of(name, stored)
    if experts:
        rows = [torch.cat([stored[each] for each in names]) for names in experts]
        return [each for names in experts for each in names], torch.stack(rows)
    module, kind = name.rsplit(".", 1)
    above, last = module.rsplit(".", 1) if "." in module else ("", module)
    names = [f"{above}.{each}.{kind}" if above else f"{each}.{kind}"
             for each in FUSED.get(last, (last,))]
    return names, torch.cat([stored[each] for each in names])


def same(found: torch.Tensor, value: torch.Tensor) -> bool:
    """In the same bits; vLLM has packed experts' matrices the other way round and widens scales."""
    if (value.dtype, found.dtype) == (torch.bfloat16, torch.float32):
        value = value.float()
    if found.dtype != value.dtype:
        return False
    if found.shape != value.shape and found.dim() == 3:
        value = value.transpose(1, 2)
    value = value.reshape(found.shape) if value.numel() == found.numel() == value.shape[0] \
        else value
    return found.shape == value.shape and torch.equal(
        found.contiguous().view(torch.uint8), value.contiguous().view(torch.uint8))


def schemes_of(model) -> tuple[set, set]:
    """Names of classes that compute quantized Linears and experts."""
    linear, experts = set(), set()
    for name, module in model.named_modules():
        method = type(getattr(module, "quant_method", None)).__name__
        if "MoE" in method:
            experts.add(method)
        elif "Linear" in method and "Unquantized" not in method:
            scheme = getattr(module, "scheme", None)
            linear.add(type(scheme).__name__ if scheme else method)
    return linear, experts


@pytest.mark.parametrize("target", SCHEMES)
@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_vllm_loads_it(family, target, tiny, tmp_path):
    done = run(job(tiny(family), tmp_path, f"safetensors:{target}"))
    assert done.code == 0, done.error
    stored = load_file(done / target / "model.safetensors")
    model = load(done / target)
    used = set()
    for name, parameter in model.named_parameters():
        if NOT_STORED.search(name):
            continue
        names, value = wanted(name, stored)
        assert same(parameter.data, value), (name, parameter.shape, parameter.dtype, value.shape)
        used |= set(names)
    left = {name for name in stored.keys() - used if not name.endswith("weight_shape")}
    assert left == set()
    linear, experts = schemes_of(model)
    assert linear == {SCHEMES[target][0]}
    assert experts <= {SCHEMES[target][1]}
    assert bool(experts) == any(".experts." in name for name in stored)
