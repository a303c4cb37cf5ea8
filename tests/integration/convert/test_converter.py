"""The converter as a process: refusals, resumption, memory."""

import json
import pathlib
import re
import signal
import subprocess

import pytest
import tiny_models
from converter import job, run, start
from gguf_file import Gguf
from hub import binary

REFUSED, BAD_SPEC = 3, 2
MEMORY_BYTES_MAX = 56 << 20


def test_splits_are_whole_ggufs(tiny, tmp_path, llama):
    spec = job(tiny("qwen2"), tmp_path / "out", "gguf:Q8_0")
    whole = Gguf(run(spec) / "Q8_0.gguf")
    spec["targets"][0] |= {"file": "part.gguf", "split_bytes": 300_000}
    made = run(spec)
    parts = sorted(path for path in made.folder.glob("part-*.gguf"))
    assert len(parts) > 2 and parts[0].name == f"part-00001-of-{len(parts):05}.gguf"
    tensors = {}
    for number, path in enumerate(parts):
        part = Gguf(path)
        assert part.pairs["split.no"] == number and part.pairs["split.count"] == len(parts)
        tensors |= part.tensors
    assert tensors == whole.tensors
    model = llama.load(parts[0])
    assert model.generate([5, 6, 7], 1)
    model.close()


def test_killed_it_goes_on_and_gives_the_same_bytes(tmp_path):
    tiny_models.write_model(tmp_path / "m", "qwen2", layers=24, tied=False)
    targets = [f"gguf:{mix}" for mix in ("Q2_K", "Q4_K_M", "Q5_K_M", "IQ4_XS", "Q6_K")]
    targets.append("safetensors:nvfp4")
    whole = run(job(tmp_path / "m", tmp_path / "whole", *targets, threads=1))
    spec = job(tmp_path / "m", tmp_path / "cut", *targets, threads=1)
    (tmp_path / "cut").mkdir()
    for tensors in (5, 180, 320, 400, 200):  # of 291 a target, and of those that are not done
        process, seen = start(spec), 0
        for line in process.stdout:
            seen += '"tensor"' in line
            if seen == tensors:
                process.send_signal(signal.SIGKILL)
        process.wait()
    resumed = run(spec)
    assert resumed.code == 0, resumed.error
    names = sorted(str(path.relative_to(whole.folder)) for path in whole.folder.rglob("*.*"))
    assert names == sorted(
        str(path.relative_to(resumed.folder)) for path in resumed.folder.rglob("*.*"))
    for name in names:
        assert (whole / name).read_bytes() == (resumed / name).read_bytes(), name
    plans = [event for event in resumed.events if event["event"] == "plan"]
    assert plans[0]["done_bytes"] == plans[0]["bytes"], "the first target was made twice"


@pytest.mark.parametrize("change, said", [
    ({"architectures": ["GemmaForCausalLM"]}, "known are"),
    ({"architectures": None}, "architectures"),
    ({"vision_config": {}}, "vision"),
    ({"num_attention_heads": 3}, "multiple"),
    ({"hidden_size": 128}, "implies"),
    ({"vocab_size": 256}, "implies"),
    ({"num_hidden_layers": 3}, "no tensor for blk.2"),
    ({"rope_scaling": {"type": "su", "factor": 2.0}}, "rope scaling"),
])
def test_a_config_that_does_not_fit_is_refused(change, said, tiny, tmp_path):
    source = tmp_path / "changed"
    tiny_models.write_model(source, "qwen2")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | change))
    refused = run(job(source, tmp_path / "out", "gguf:Q8_0"))
    assert (refused.code, list(refused.folder.rglob("*.gguf"))) == (REFUSED, []), refused.error
    assert said in refused.error


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    source = tmp_path / "nan"
    tiny_models.write_model(source, "qwen2")
    data = bytearray((source / "model.safetensors").read_bytes())
    data[-2:] = b"\x80\x7f"  # BF16's infinity
    (source / "model.safetensors").write_bytes(data)
    refused = run(job(source, tmp_path / "out", "gguf:Q8_0"))
    assert refused.code == REFUSED and "NaN or Inf" in refused.error
    assert not (tmp_path / "out" / "Q8_0.gguf").exists()


def test_a_bad_spec_is_refused(tmp_path):
    for text in ("", "[]", '{"source": "/tmp"}', '{"surprise": 1}'):
        done = subprocess.run([binary("waag-convert")], input=text, text=True, capture_output=True,
                              timeout=20)
        assert done.returncode == BAD_SPEC, text
        assert json.loads(done.stdout.splitlines()[-1])["event"] == "error"


def test_memory_does_not_grow_with_the_model(tmp_path):
    source = tmp_path / "deep"
    tiny_models.write_model(source, "qwen2", layers=100, tied=False)
    assert (source / "model.safetensors").stat().st_size > 2 * MEMORY_BYTES_MAX
    process, highest = start(job(source, tmp_path, "gguf:Q8_0")), ""
    for line in process.stdout:
        if '"tensor"' in line:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            highest = re.search(r"VmHWM:\s+(\d+) kB", status)[1]
    assert process.wait() == 0
    assert int(highest) * 1024 < MEMORY_BYTES_MAX
