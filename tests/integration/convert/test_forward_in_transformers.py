"""The forward pass that validates conversions: its logits are those of transformers in F32, also
where llama.cpp does otherwise (windows, groups of experts) or this has a setting of its own.

Runs where torch is: make golden.
"""

import json
import os

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest  # noqa: E402
import tiny_models  # noqa: E402
import torch  # noqa: E402
from logits import apart, logits  # noqa: E402
from oracles import published_model  # noqa: E402
from oracles.load_converted import load  # noqa: E402

TEXTS = [[(7 * at * at + 3 * at + 5) % 250 for at in range(48)], [11, 3, 200],
         list(range(250, 60, -3))]
APART_MAX = 1e-5
YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
# name: (family, what its config.json has besides)
SETTINGS = {
    "mistral with a window": ("mistral", {"sliding_window": 16}),
    "mixtral with a window": ("mixtral", {"sliding_window": 16}),
    "qwen2 with a window": ("qwen2", {"use_sliding_window": True, "sliding_window": 16,
                                      "max_window_layers": 1}),
    "qwen3 with a window": ("qwen3", {
        "use_sliding_window": True, "sliding_window": 16,
        "layer_types": ["sliding_attention", "full_attention"]}),
    "qwen3-moe with a window": ("qwen3-moe", {"use_sliding_window": True, "sliding_window": 16}),
    "qwen2-moe with a window": ("qwen2-moe", {
        "use_sliding_window": True, "sliding_window": 16,
        "layer_types": ["full_attention", "sliding_attention"]}),
    "qwen2 with yarn": ("qwen2", {"rope_scaling": YARN, "max_position_embeddings": 128}),
    "llama with linear scaling": ("llama2", {"rope_scaling": {"type": "linear", "factor": 4.0}}),
    "llama with a short context": ("llama3", {"rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32}}),
    "qwen3-moe without norm_topk_prob": ("qwen3-moe", {"norm_topk_prob": False}),
    "qwen2-moe with norm_topk_prob": ("qwen2-moe", {"norm_topk_prob": True}),
    "deepseek-v2 with groups": ("deepseek-v2", tiny_models.BEST_GROUPS),
    "deepseek-v3 without norm_topk_prob": ("deepseek-v3", {"norm_topk_prob": False}),
    "deepseek-v3 that sharpens": ("deepseek-v3", {
        "rope_scaling": tiny_models.YARN | {"mscale": 0.5, "mscale_all_dim": 1.5}}),
}


def check(model, texts=TEXTS) -> None:
    reference = load(model).float()
    for text, ours in zip(texts, logits(model, texts), strict=True):
        with torch.no_grad():
            theirs = reference(torch.tensor([text])).logits[0, -1].numpy()
        assert apart(ours, theirs) < APART_MAX, text


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_logits_are_transformers(family, tiny):
    check(tiny(family))


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_configs(setting, tmp_path):
    family, members = SETTINGS[setting]
    config = tiny_models.write_model(tmp_path, family)
    (tmp_path / "config.json").write_text(json.dumps(config | members))
    check(tmp_path)


def test_a_published_model():
    source = published_model.folder() / "source"
    check(source, [[(97 * at + 13) % 49000 for at in range(64)]])
