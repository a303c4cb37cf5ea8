"""One program with and without a CUDA device: what it says, and that the bytes are the same."""

import json
import os
import subprocess

import pytest
import venvs
from converter import job, run
from hub import ROOT, binary

EMULATED = "waag-convert-emulated"  # with tests/emulated_cuda in place of CUDA's runtime
EMULATED_S = 400  # the proof alone takes 14 s of a core
REFUSED = 3
TARGETS = ("gguf:Q4_K_M", "gguf:Q8_0", "safetensors:fp8-dynamic")


def said_by(program_arguments) -> dict:
    done = subprocess.run([binary("waag-convert"), *program_arguments], capture_output=True,
                          text=True, timeout=120, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def device() -> dict:
    return said_by(["--devices"])


def contents(folder) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def test_it_has_the_kernels_if_there_was_a_compiler(device):
    assert device["event"] == "device" and device["device"] in ("cuda", "cpu")
    wheels = (ROOT / ".venvs" / "cuda").exists()
    is_without = "built without CUDA kernels" in device["message"]
    assert is_without == (not wheels and not venvs.has_cuda_compiler()), device


def test_it_needs_no_library_of_cuda():
    needed = subprocess.run(["ldd", binary("waag-convert")], capture_output=True, text=True,
                            timeout=20, check=True).stdout
    assert "libc.so" in needed and "cuda" not in needed


def test_auto_gives_the_bytes_of_the_cpu_and_says_where(device, tiny, tmp_path):
    source = tiny("qwen2")
    plain = run(job(source, tmp_path / "cpu", *TARGETS, device="cpu"))
    there = run(job(source, tmp_path / "auto", *TARGETS, device="auto"))
    assert (plain.code, there.code) == (0, 0), plain.error + there.error
    assert contents(plain.folder) == contents(there.folder)
    first = there.events[0]
    assert (first["event"], first["device"]) == ("device", device["device"])
    assert first["message"]
    assert plain.events[0] == {"event": "device", "device": "cpu", "message": "as the job says"}


def test_a_whole_job_on_the_emulated_device(tiny, tmp_path):
    """Opened, proved, closed in, used; where there was a compiler for kernels."""
    try:
        program = binary(EMULATED)
    except FileNotFoundError:
        wheels = (ROOT / ".venvs" / "cuda").exists()
        assert not (wheels and os.environ.get("CI")), "device_test was not built"
        return
    source = tiny("qwen2")
    plain = run(job(source, tmp_path / "cpu", *TARGETS, device="cpu"))
    there = run(job(source, tmp_path / "cuda", *TARGETS, device="cuda"), program.name, EMULATED_S)
    assert (plain.code, there.code) == (0, 0), plain.error + there.error
    assert contents(there.folder) == contents(plain.folder)
    first = there.events[0]
    assert (first["event"], first["device"], first["name"]) == ("device", "cuda", "Emulated")
    assert [event for event in there.events[1:] if event["event"] == "device"] == []


def test_cuda_is_the_device_or_an_error(device, tiny, tmp_path):
    made = run(job(tiny("qwen2"), tmp_path / "cuda", *TARGETS, device="cuda"))
    if device["device"] == "cuda":
        plain = run(job(tiny("qwen2"), tmp_path / "cpu", *TARGETS, device="cpu"))
        assert made.code == 0 and contents(made.folder) == contents(plain.folder)
        return
    assert made.code == REFUSED
    assert made.error.startswith("device cuda cannot be used: "), made.error
    assert contents(made.folder) == {}
