#!/usr/bin/env python3
"""What real ggml makes of the sample of tests/convert/quant/sample_rows.h, as a C++ header.

    python3 tests/harness/ggml_oracle.py path/to/libggml-base.so > tests/vectors/ggml_digests.h
    clang-format-19 -i tests/vectors/ggml_digests.h

With --check tests/vectors/ggml_digests.h it compares what this library makes with what is recorded
there, by which the tests measure the converter's kernels; with --short, of a few rows only.

Needs numpy and an x86-64 build of ggml without FMA (its own default for the base library); another
one is refused. The digests of the long sample take some minutes.
"""

import argparse
import ctypes
import hashlib
import pathlib
import re
import sys

import numpy as np

COLUMNS = 1024
SHORT_ROWS = 256
LONG_ROWS = 102400
ROWS_AT_ONCE = 2048

# name, number in GGUF, takes an importance
TYPES = [
    ("F32", 0, False), ("F16", 1, False), ("BF16", 30, False), ("Q8_0", 8, False),
    ("Q4_0", 2, True), ("Q4_1", 3, True), ("Q5_0", 6, True), ("Q5_1", 7, True),
    ("Q2_K", 10, True), ("Q3_K", 11, True), ("Q4_K", 12, True), ("Q5_K", 13, True),
    ("Q6_K", 14, True), ("IQ4_NL", 20, True), ("IQ4_XS", 23, True), ("MXFP4", 39, False),
]

ELEMENTS, GROUPS, RUNS, WEIGHTS = 1, 2, 3, 4
U32, U64, F32, I64 = np.uint32, np.uint64, np.float32, np.int64


class TypeTraits(ctypes.Structure):
    """ggml_type_traits, include/ggml.h."""

    _fields_ = [
        ("name", ctypes.c_char_p), ("block_elements", ctypes.c_int64),
        ("interleave", ctypes.c_int64), ("block_bytes", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool), ("to_float", ctypes.c_void_p),
        ("from_float", ctypes.c_void_p),
    ]


class Ggml:
    def __init__(self, path: str):
        self.library = ctypes.CDLL(path)
        self.library.ggml_quantize_chunk.restype = ctypes.c_size_t
        self.library.ggml_quantize_chunk.argtypes = [
            ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
            ctypes.c_int64, ctypes.c_void_p,
        ]
        self.library.ggml_get_type_traits.restype = ctypes.POINTER(TypeTraits)

    def quantize(self, number: int, rows: np.ndarray, importance) -> np.ndarray:
        self.library.ggml_quantize_init(number)
        traits = self.library.ggml_get_type_traits(number).contents
        count = rows.size // traits.block_elements
        out = np.zeros((count, traits.block_bytes), np.uint8)
        weights = None if importance is None else importance.ctypes.data
        written = self.library.ggml_quantize_chunk(
            number, rows.ctypes.data, out.ctypes.data, 0, rows.shape[0], rows.shape[1], weights
        )
        assert written == out.size
        return out

    def dequantize(self, number: int, blocks: np.ndarray) -> np.ndarray:
        traits = self.library.ggml_get_type_traits(number).contents
        out = np.empty(blocks.shape[0] * traits.block_elements, F32)
        if not traits.to_float:  # F32 has no function of its own
            return blocks.view(F32).reshape(-1)
        to_float = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        to_float(traits.to_float)(blocks.ctypes.data, out.ctypes.data, out.size)
        return out


def refuse_fma(ggml: Ggml) -> None:
    """Q4_0 rounds x / d + 8.5 twice without FMA, once with it: of BF16 values some blocks tell."""
    rows = np.random.default_rng(1).standard_normal((65536, 32), dtype=F32)
    rows = (rows.view(U32) & U32(0xFFFF0000)).view(F32)
    largest = np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1)
    inverse = F32(1) / (largest / F32(-8))
    twice = np.minimum(15, (rows * inverse + F32(8.5)).astype(np.int32))
    once = (rows.astype(np.float64) * inverse.astype(np.float64) + 8.5).astype(F32)
    telling = (twice != np.minimum(15, once.astype(np.int32))).any(1)
    rows, twice = np.ascontiguousarray(rows[telling]), twice[telling]
    blocks = ggml.quantize(2, rows, None)[:, 2:]
    if not telling.any() or (blocks != (twice[:, :16] | twice[:, 16:] << 4)).any():
        sys.exit("this build of ggml contracts to FMA; it is no oracle for the converter")


def word(seed: int, index: np.ndarray) -> np.ndarray:
    z = U64(seed) + (index.astype(U64) + U64(1)) * U64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
    return z ^ (z >> U64(31))


def bell(words: np.ndarray) -> np.ndarray:
    total = sum(((words >> U64(shift)) & U64(0xFFFF)).astype(I64) for shift in (0, 16, 32, 48))
    return (total - 131070).astype(F32) * F32(2.0**-16)


def heavy(words: np.ndarray) -> np.ndarray:
    mantissa = (words & U64(0xFFFFFF)).astype(F32)
    rest = (words >> U64(24)) | U64(1 << 30)
    lowest = (rest & (~rest + U64(1))).astype(np.float64)
    exponent = np.log2(lowest).astype(np.int32) // 2 - 28
    return np.ldexp(np.where(words >> U64(63) != 0, -mantissa, mantissa), exponent)


def edge(words: np.ndarray) -> np.ndarray:
    exponent = U32(115) + (words & U64(15)).astype(U32)
    sign = (words >> U64(63)).astype(U32) << U32(31)
    units = ((words >> U64(8)) % U64(5)).astype(U32)
    return (sign | ((exponent << U32(23)) + units - U32(2))).view(F32)


def swept(index: np.ndarray) -> np.ndarray:
    code = (index & U64(0xFFFF)).astype(U32)
    code = np.where((code & U32(0x7F80)) > 0x4680, (code & U32(0x807F)) | U32(0x3800), code)
    return (code << U32(16)).view(F32)


def special(index: np.ndarray, words: np.ndarray) -> np.ndarray:
    run = word(RUNS, index // U64(16))
    constant, zero = bell(run >> U64(3)), np.zeros(index.shape, F32)
    values = [
        zero,
        constant,
        np.where(index % U64(16) == run >> U64(60), constant, zero),
        np.where(index % U64(2) == 0, constant, -constant),
        np.abs(bell(words)),
        -np.abs(bell(words)),
        (words & U64(0x807FFFFF)).astype(U32).view(F32),
        -zero,
    ]
    return np.choose((run & U64(7)).astype(I64), values)


def sample_rows(first: int, rows: int) -> np.ndarray:
    index = np.arange(first * COLUMNS, (first + rows) * COLUMNS, dtype=U64)
    words, group = word(ELEMENTS, index), word(GROUPS, index // U64(256))
    normal = bell(words)
    own_size = -((group >> U64(8)) & U64(15)).astype(np.int32)
    changing = -(word(RUNS, index // U64(32)) & U64(15)).astype(np.int32)
    values = [
        normal,
        heavy(words),
        edge(words),
        swept(index),
        special(index, words),
        (normal.view(U32) & U32(0xFFFF0000)).view(F32),
        np.ldexp(np.abs(normal), own_size),
        np.ldexp(normal, changing),
    ]
    return np.choose((group & U64(7)).astype(I64), values).reshape(rows, COLUMNS)


def sample_importance() -> np.ndarray:
    words = word(WEIGHTS, np.arange(COLUMNS, dtype=U64))
    values = (words & U64(0xFFFFFF)).astype(F32) * F32(2.0**-20)
    return np.where(words >> U64(60) == 0, F32(0), values)


def all_digests(ggml: Ggml, rows: int) -> dict:
    """(name, "plain" | "weighted" | "values") -> hex of the SHA-256."""
    hashes = {}
    for first in range(0, rows, ROWS_AT_ONCE):
        sample = sample_rows(first, min(ROWS_AT_ONCE, rows - first))
        for name, number, weighted in TYPES:
            plain = ggml.quantize(number, sample, None)
            parts = {"plain": plain, "values": ggml.dequantize(number, plain)}
            if weighted:
                parts["weighted"] = ggml.quantize(number, sample, sample_importance())
            for kind, part in parts.items():
                hashes.setdefault((name, kind), hashlib.sha256()).update(part.tobytes())
    return {key: value.hexdigest() for key, value in hashes.items()}


HEADER = """#pragma once

#include <array>
#include <cstdint>
#include <string_view>

// SHA-256 of what real ggml makes of the sample of tests/convert/quant/sample_rows.h: its blocks
// without and with an imatrix (empty: the type takes none), and the values that it reads back from
// the former. Made by tests/harness/ggml_oracle.py with a prebuilt x86-64 library without FMA.

namespace waag::test {

struct GgmlDigests {
  std::string_view plain;
  std::string_view weighted;
  std::string_view values;
};

struct GgmlTypeDigests {
  std::uint32_t type = 0;  // the number in GGUF
  GgmlDigests rows_short;
  GgmlDigests rows_long;
};
"""


def recorded_digests(path: pathlib.Path) -> dict:
    """{number: {"short": [plain, weighted, values], "long": ...}}"""
    found = {}
    one_type = re.compile(r"\{(\d+),\s*//[^\n]*\n(.*?)\}\},", re.DOTALL)
    for number, texts in one_type.findall(path.read_text()):
        digests = re.findall(r'"([0-9a-f]*)"', texts)
        found[int(number)] = {"short": digests[:3], "long": digests[3:]}
    return found


def check(ggml: Ggml, path: pathlib.Path, is_short: bool) -> int:
    """The number of digests that differ; one line a type."""
    recorded, differing = recorded_digests(path), 0
    size, rows = ("short", SHORT_ROWS) if is_short else ("long", LONG_ROWS)
    digests = all_digests(ggml, rows)
    for name, number, _ in TYPES:
        kinds = ("plain", "weighted", "values")
        made = [digests.get((name, kind), "") for kind in kinds]
        wrong = [kind for kind, one, other in zip(kinds, made, recorded[number][size])
                 if one != other]
        differing += len(wrong)
        verdict = "differs: " + ", ".join(wrong) if wrong else "same"
        print(f"{name}: {rows * COLUMNS} elements: {verdict}", flush=True)
    return differing


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--short", action="store_true")
    arguments = parser.parse_args()
    ggml = Ggml(arguments.library)
    refuse_fma(ggml)
    if arguments.check:
        return 1 if check(ggml, arguments.check, arguments.short) else 0
    print_header(ggml)
    return 0


def print_header(ggml: Ggml) -> None:
    sizes = {"short": all_digests(ggml, SHORT_ROWS), "long": all_digests(ggml, LONG_ROWS)}
    print(HEADER)
    print(f"inline constexpr std::uint64_t ggml_rows_short = {SHORT_ROWS};")
    print(f"inline constexpr std::uint64_t ggml_rows_long = {LONG_ROWS};\n")
    print(f"inline constexpr std::array<GgmlTypeDigests, {len(TYPES)}> ggml_digests{{{{")
    for name, number, _ in TYPES:
        print(f"    {{{number},  // {name}")
        for size, digests in sizes.items():
            kinds = [digests.get((name, kind), "") for kind in ("plain", "weighted", "values")]
            lines = ",\n      ".join(f'"{digest}"' for digest in kinds)
            print(f"     {{{lines}}}" + ("," if size == "short" else "},"))
    print("}};\n\n}  // namespace waag::test")


if __name__ == "__main__":
    sys.exit(main())
