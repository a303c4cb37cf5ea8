"""transformers, on the CPU, asks what each safetensors type left of a published model.

FP8 in blocks is not among them: without a GPU it reads no weight whose last block is cut, and 576
is no multiple of 128. Runs where torch is: make golden.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest  # noqa: E402
import torch  # noqa: E402
from converter import job, run  # noqa: E402
from oracles import published_model  # noqa: E402
from oracles.load_converted import load  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402


@pytest.fixture(scope="module")
def source():
    return published_model.folder() / "source"


def answer(folder) -> str:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    question = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}],
        add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        said = load(folder).generate(**question, max_new_tokens=24, do_sample=False)
    return tokenizer.decode(said[0, question["input_ids"].shape[1]:], skip_special_tokens=True)


def test_the_source_answers(source):
    assert "Paris" in answer(source)


@pytest.mark.parametrize("target", ["fp8-dynamic", "int8", "w4a16", "nvfp4"])
def test_each_type_answers(target, source, tmp_path):
    done = run(job(source, tmp_path, f"safetensors:{target}"))
    assert done.code == 0, done.error
    assert "Paris" in answer(done / target)
