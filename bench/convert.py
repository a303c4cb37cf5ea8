"""Conversions against llama.cpp's on the same cores: the quantizers alone, then whole runs.

llama.cpp's way to a quantized GGUF is two programs: its converter writes BF16, its quantizer reads
that. Here waag-convert does the first part for it, which is faster than a Python program, so the
ratio is low rather than high; and only the quantizing call is timed, not the loading of its
library. Both read from the page cache and write to the same disk; Waag's waits for the disk at the
end (fsync), llama.cpp's does not.
"""

import concurrent.futures
import contextlib
import dataclasses
import functools
import json
import mmap
import multiprocessing
import os
import pathlib
import re
import shutil
import statistics
import struct
import subprocess
import time

import numpy

from bench.measure import Row, median_ratio
from llama_cpp import LlamaCpp, library_folder
from tiny_models import bf16_bits, write_tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[1]
RELEASE = ROOT / "build" / "release"
THREADS = 2  # of LlamaCpp.quantize
PAIRS = 3
TYPES = ("Q4_K_M", "Q6_K", "Q8_0")
MIB = 1 << 20
COPY_BYTES = 256 * MIB

HIDDEN, KEYS, FEED, VOCABULARY = 1536, 256, 4096, 32768
VALUES_AT_ONCE = 4 * MIB


def convert(scratch: pathlib.Path, is_quick: bool):
    yield from kernels(0.2 if is_quick else 2)
    yield copy_speed()
    scratch.mkdir(parents=True, exist_ok=True)
    model = scratch / "model"
    write_model(model, layers=1 if is_quick else 12)
    for name in TYPES:
        yield from whole_run(scratch, model, name)
    shutil.rmtree(scratch)


# --- the quantizers ---

# With AVX-512.
KERNEL_GOALS = {"Q4_K": 6, "Q5_K": 6, "Q6_K": 6, "Q2_K": 6, "IQ4_NL": 6, "IQ4_XS": 6, "Q8_0": 2,
                "Q4_0": 2}


def kernels(seconds: float):
    """Lines of quantize_bench: both quantize the same rows in turn, on one core."""
    program = RELEASE / "bench" / "quantize_bench"
    command = [program, library_folder() / "libggml-base.so", "--seconds", str(seconds)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pattern = r"(\S+) +ggml +([\d.]+) +ours +([\d.]+) Melem/s +ratio +([\d.]+) +same bits"
    for name, theirs, ours, ratio in re.findall(pattern, output):
        goal = KERNEL_GOALS.get(name)
        yield Row(f"quantizing to {name}, one core, against ggml",
                  f"{ratio} × as fast ({float(ours):,.0f} vs {float(theirs):,.0f} M values/s)",
                  *((f"≥ {goal}", float(ratio) >= goal) if goal else ()))


def copy_speed() -> Row:
    from_, to = numpy.ones(COPY_BYTES, numpy.uint8), numpy.empty(COPY_BYTES, numpy.uint8)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        numpy.copyto(to, from_)
        seconds.append(time.perf_counter() - start)
    return Row("memory, copied by one core", f"{COPY_BYTES / min(seconds) / 1e9:.1f} GB/s")


# --- the model ---

def shapes_of(layers: int) -> dict[str, tuple[int, ...]]:
    """A small Qwen2's, head tied to the embedding."""
    shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(layers):
        shapes |= {f"model.layers.{layer}.{name}": shape for name, shape in {
            "self_attn.q_proj.weight": (HIDDEN, HIDDEN), "self_attn.q_proj.bias": (HIDDEN,),
            "self_attn.k_proj.weight": (KEYS, HIDDEN), "self_attn.k_proj.bias": (KEYS,),
            "self_attn.v_proj.weight": (KEYS, HIDDEN), "self_attn.v_proj.bias": (KEYS,),
            "self_attn.o_proj.weight": (HIDDEN, HIDDEN), "mlp.gate_proj.weight": (FEED, HIDDEN),
            "mlp.up_proj.weight": (FEED, HIDDEN), "mlp.down_proj.weight": (HIDDEN, FEED),
            "input_layernorm.weight": (HIDDEN,), "post_attention_layernorm.weight": (HIDDEN,),
        }.items()}
    return shapes


def write_model(folder: pathlib.Path, layers: int) -> None:
    folder.mkdir(parents=True)
    write_tokenizer(folder, "qwen2")
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": HIDDEN,
        "intermediate_size": FEED, "num_attention_heads": HIDDEN // 128,
        "num_key_value_heads": KEYS // 128, "num_hidden_layers": layers,
        "vocab_size": VOCABULARY, "rms_norm_eps": 1e-6, "max_position_embeddings": 4096,
        "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": True,
        "torch_dtype": "bfloat16"}))
    header, at = {}, 0
    for name, shape in shapes_of(layers).items():
        end = at + 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = numpy.random.default_rng(1)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for begin in range(0, at // 2, VALUES_AT_ONCE):
            count = min(VALUES_AT_ONCE, at // 2 - begin)
            file.write(bf16_bits(0.02 * random.standard_normal(count, numpy.float32)).tobytes())


# --- whole runs ---

@dataclasses.dataclass
class Run:
    seconds: float
    peak_bytes: int
    data_bytes: int = 0  # of all tensors, as they lie in the file


def peak_bytes(process: int | str = "self") -> int:
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0  # none left in one that has ended


def device_name() -> tuple[str, str]:
    """Of the CUDA device that has proved itself, or "" and why there is none."""
    done = subprocess.run([RELEASE / "bin" / "waag-convert", "--devices"], check=True,
                          capture_output=True, text=True)
    event = json.loads(done.stdout.splitlines()[-1])
    return event["name"] if event["device"] == "cuda" else "", event["message"]


def waag_convert(model: pathlib.Path, output: pathlib.Path, name: str, device: str = "cpu") -> Run:
    """Writes output/NAME.gguf."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    os.sync()  # what others have written is not to be waited for
    spec = {"source": str(model), "output": str(output), "threads": THREADS, "device": device,
            "model": {"name": "bench"},
            "targets": [{"kind": "gguf", "type": name, "file": f"{name}.gguf"}]}
    run, lines = Run(0, 0), []
    start = time.perf_counter()
    with subprocess.Popen([RELEASE / "bin" / "waag-convert"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps(spec))
        process.stdin.close()
        for line in process.stdout:
            lines.append(json.loads(line))
            with contextlib.suppress(OSError):
                run.peak_bytes = max(run.peak_bytes, peak_bytes(process.pid))
    run.seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"waag-convert: {process.returncode} {lines[-1:]}")
    run.data_bytes = sum(line["bytes"] for line in lines if line["event"] == "tensor")
    return run


def quantize(source: pathlib.Path, target: pathlib.Path, name: str) -> Run:
    """llama.cpp's, in this process."""
    library = LlamaCpp()
    start = time.perf_counter()
    library.quantize(source, target, name)
    return Run(time.perf_counter() - start, peak_bytes())


def llama_quantize(source: pathlib.Path, target: pathlib.Path, name: str) -> Run:
    target.unlink(missing_ok=True)
    os.sync()
    fresh = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=fresh) as process:
        return process.submit(quantize, source, target, name).result()


def check_same_data(ours: pathlib.Path, theirs: pathlib.Path, data_bytes: int) -> None:
    """The tensors are the end of both files."""
    with ours.open("rb") as a, theirs.open("rb") as b, \
            mmap.mmap(a.fileno(), 0, prot=mmap.PROT_READ) as left, \
            mmap.mmap(b.fileno(), 0, prot=mmap.PROT_READ) as right:
        for back in range(data_bytes, 0, -MIB):
            end = max(0, back - MIB)
            if left[len(left) - back: len(left) - end] != \
                    right[len(right) - back: len(right) - end]:
                raise RuntimeError(f"{ours.name}: other bytes, {data_bytes - back} into the data")


def read_and_write(source: pathlib.Path, product: pathlib.Path, target: pathlib.Path) -> float:
    """Seconds to read the one and copy the other, durably, without any work on them."""
    target.unlink(missing_ok=True)
    os.sync()
    buffer, start = bytearray(MIB), time.perf_counter()
    with source.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    with product.open("rb", buffering=0) as file, target.open("wb", buffering=0) as copy:
        while count := file.readinto(buffer):
            copy.write(memoryview(buffer)[:count])
        os.fsync(copy.fileno())
    return time.perf_counter() - start


def whole_run(scratch: pathlib.Path, model: pathlib.Path, name: str):
    weights, target = model / "model.safetensors", scratch / "theirs.gguf"
    product, bf16 = scratch / "ours" / f"{name}.gguf", scratch / "bf16" / "BF16.gguf"
    ours = functools.partial(waag_convert, model, product.parent, name)
    first = functools.partial(waag_convert, model, bf16.parent, "BF16")
    second = functools.partial(llama_quantize, bf16, target, name)
    first(), second()  # both are warm-ups too
    check_same_data(product, target, ours().data_bytes)
    rounds = []
    for turn in range(PAIRS):
        if turn % 2 == 0:
            mine, theirs = ours(), (first(), second())
        else:
            theirs = (first(), second())
            mine = ours()
        floor = read_and_write(weights, product, scratch / "floor")
        rounds.append((mine, *theirs, floor))
    what = f"safetensors of {weights.stat().st_size / 1e6:,.0f} MB → {name}"
    yield from rows_of(what, weights.stat().st_size + product.stat().st_size, rounds)
    yield on_device(what, ours, model, product, scratch / "device")


def on_device(what: str, on_cpu, model: pathlib.Path, product: pathlib.Path,
              output: pathlib.Path) -> Row:
    """The same on a CUDA device, in turn with the CPU. Starting the driver counts."""
    device, why = device_name()
    if not device:
        return Row(f"{what}, on a CUDA device", f"not measured: {why}")
    there = functools.partial(waag_convert, model, output, product.stem, "cuda")
    if there() and (output / product.name).read_bytes() != product.read_bytes():
        raise RuntimeError(f"{device}: other bytes than the CPU for {product.name}")
    a, b = zip(*[(there().seconds, on_cpu().seconds) for _ in range(PAIRS)])
    return Row(f"{what}, same bytes, on {device}",
               f"{median_ratio(b, a):.1f} × as fast as {THREADS} threads of the CPU "
               f"({statistics.median(a):.2f} s vs {statistics.median(b):.2f} s)")


def rows_of(what: str, moved_bytes: int, rounds: list[tuple[Run, Run, Run, float]]):
    mine, bf16, quantized, floors = zip(*rounds)
    a, b, c = ([run.seconds for run in each] for each in (mine, bf16, quantized))
    ratio = median_ratio([x + y for x, y in zip(b, c)], a)
    one, two, three, floor = map(statistics.median, (a, b, c, floors))
    # Of the others, the disk's share is as large.
    goal = ("≥ 5", ratio >= 5) if "Q4_K_M" in what else ()
    yield Row(f"{what}, same bytes, against llama.cpp",
              f"{ratio:.1f} × as fast ({one:.2f} s vs {two:.2f} s for BF16 + {three:.2f} s), "
              f"{median_ratio(c, a):.1f} × its second part alone", *goal)
    yield Row(f"{what}, reading and writing alone",
              f"{floor:.2f} s of {one:.2f} s ({moved_bytes / floor / 1e9:.2f} GB/s)")
    peak, theirs = (max(run.peak_bytes for run in each) / MIB for each in (mine, quantized))
    yield Row(f"{what}, memory at most",
              f"{peak:,.0f} MiB (llama.cpp, second part, mapped files included: {theirs:,.0f} MiB)")
