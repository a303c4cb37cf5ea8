#!/usr/bin/env python3
"""Checks what the style promises and a compiler does not see; exit 0 if all is well.

Needs git (for the list of files) and clang-format-19. Runs in seconds; test_tidy.py shows each
rule a sample that it must refuse.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = (".cc", ".cu", ".h", ".py", ".sh", ".ts", ".svelte")
CPP = (".cc", ".cu", ".h")
MIRRORED = ("protocol", "storage", "daemon", "cli", "convert")

FILE_LINES_MAX = 400
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
FOLDER_FILES_MAX = 20
FILE_BYTES_MAX = 1 << 20

TOP_LEVEL = set(
    """.ci .clang-format .clang-tidy .gitignore .gitattributes ARCHITECTURE.md CMakeLists.txt
    CMakePresets.json CONTRIBUTING.md LICENSE Makefile README.md SECURITY.md bench cli cmake convert
    daemon deploy docs protocol storage tests web""".split()
)

# An #include that starts with the key may stand only in files whose path starts with a value.
HOMES = {
    "boost/beast": ("daemon/http/",),
    "boost/asio": ("daemon/", "tests/daemon/", "tests/support/", "cmake/pch/"),
    "curl/": ("cli/http", "daemon/upstream/"),
    "pcre2": ("convert/tokenizer/text/regex/regex.cc",),
    "utf8proc": ("convert/tokenizer/text/composition.cc",),
    "rocksdb/": ("storage/meta/",),
    "sodium": ("daemon/auth/secrets/passwords",),
    "spdlog/": ("daemon/",),
    "toml++/": ("daemon/config", "daemon/mirror/policy/"),
    "CLI/": ("daemon/", "cli/"),
    "blake3.h": ("protocol/",),
    "zlib.h": ("protocol/git/",),
    "cuda": ("convert/gpu/", "tests/emulated_cuda/"),
}
TOO_WIDE = ("boost/asio.hpp", "boost/beast.hpp")

# Sources (or folders of them) without a test file of their own, each with the reason.
UNTESTED = {
    "convert/quant/lanes/": "quant/lanes/kernels_test.cc compares each kernel with the reference",
    "convert/forward/kernels/product_": "forward/kernels/product_test.cc runs each of them",
    "convert/gpu/without_cuda.cc": "gpu_test.cc asks what is built, this or the kernels",
    "convert/main.cc": "list of named steps; tests/integration runs the program",
    "cli/main.cc": "list of named steps; tests/integration runs the program",
    "daemon/api/": "route handlers: tests/integration calls each route with real clients",
    "daemon/daemon.cc": "start order of the parts; tests/integration starts and kills it",
    "daemon/http/net/tls_stream.cc": "needs a certificate; tests/integration/test_tls.py",
    "daemon/http/routes/": "rows of the one table, which routes_test.cc checks as a whole",
    "daemon/offline.cc": "whole commands; tests/integration/test_faults.py runs them",
    "daemon/main.cc": "list of named steps; tests/integration runs the program",
}

_WORDS = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
FORBIDDEN_WORDS = re.compile(
    r"\b(" + "|".join(_WORDS) + r")\b"
    + r"|(?i:\bnot implement" + r"ed\b|\bunimplement" + r"ed\b|\bst" + r"ub(s|bed)?\b"
    + r"|\bplace" + r"holder\b|\bfor n" + r"ow\b)"
)
MACHINE_PATHS = re.compile(r"/wo" + r"rk/|/ro" + r"ot/|/far" + r"m/|/tmp/fr" + r"esh|/home/[a-z]")
WEAK_TESTS = re.compile(
    r"SUCCE" + r"ED\(\)|(CHECK|REQUIRE)\(tr" + r"ue\)|assert Tr" + r"ue\b|\[!may" + r"fail\]"
    + r"|\"\[\." + r"\]|mark\.xf" + r"ail|pytest\.sk" + r"ip"
)


def tracked() -> list[str]:
    """Every file of the tree that is committed or could be."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    return sorted(name for name in out.split("\0") if name and (ROOT / name).is_file())


def check_text(name: str, text: str):
    """Rules for the lines of one file of code."""
    lines = text.splitlines()
    limit = TEST_LINES_MAX if name.startswith("tests/") else FILE_LINES_MAX
    if len(lines) > limit:
        yield f"{name}: {len(lines)} lines, at most {limit}"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX:
            yield f"{name}:{number}: {len(line)} columns, at most {LINE_COLUMNS_MAX}"
        if FORBIDDEN_WORDS.search(line):
            yield f"{name}:{number}: unfinished work: {line.strip()[:80]}"
        if name.startswith("tests/") and WEAK_TESTS.search(line):
            yield f"{name}:{number}: a test that cannot fail: {line.strip()[:80]}"


def check_cpp(name: str, text: str):
    """Rules for one C++ file."""
    code = cpp.strip(text)
    for first, length in cpp.functions(code):
        if length > FUNCTION_LINES_MAX:
            yield f"{name}:{first}: function of {length} lines, at most {FUNCTION_LINES_MAX}"
    for line, rule, what in cpp.coroutine_faults(code):
        yield f"{name}:{line}: {rule}: {what}"
    for match in re.finditer(r"\bdetached\b", code):
        yield f"{name}:{line_of(code, match)}: a detached coroutine: somebody must own its end"
    naked = r"\bnew\s+[A-Za-z_]|(?<!=)\s\bdelete\s+[A-Za-z_*]|\bdelete\[\]"
    for match in re.finditer(naked, code):
        if re.search(r"_ptr<[^;{}]*\(\s*$", code[: match.start()]):
            continue  # owned at once: a private constructor that make_unique cannot call
        yield f"{name}:{line_of(code, match)}: naked new or delete"
    for match in re.finditer(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE):
        yield from check_include(name, line_of(text, match), match.group(1))


def line_of(text: str, match: re.Match) -> int:
    return text.count("\n", 0, match.start()) + 1


def check_include(name: str, line: int, header: str):
    if header in TOO_WIDE:
        yield f"{name}:{line}: include the narrow header instead of {header}"
    for prefix, homes in HOMES.items():
        if header.startswith(prefix) and not name.startswith(homes):
            yield f"{name}:{line}: {header} belongs to {', '.join(homes)}"


def check_folders(names: list[str]):
    folders: dict[str, int] = {}
    for name in names:
        folder = os.path.dirname(name)
        if "/corpus" not in folder:
            folders[folder] = folders.get(folder, 0) + 1
        if name.split("/")[0] not in TOP_LEVEL:
            yield f"{name}: not a name of the top level"
    for folder, count in folders.items():
        if folder and count > FOLDER_FILES_MAX:
            yield f"{folder}/: {count} files, at most {FOLDER_FILES_MAX}"


def check_mirror(names: list[str]):
    """Every source has a test: tests/a/x/y_test.cc, tests/a/y_test.cc or one including it."""
    have, included = set(names), included_by_tests(names)
    for name in names:
        parts = name.split("/")
        if parts[0] not in MIRRORED or not name.endswith(".cc"):
            continue
        stem = parts[-1][:-3]
        near = f"tests/{name[:-3]}_test.cc"
        far = f"tests/{parts[0]}/{stem}_test.cc"
        tested = near in have or far in have or name[:-3] + ".h" in included
        if not tested and not name.startswith(tuple(UNTESTED)):
            yield f"{name}: no test: expected {near} or {far}"
    for prefix in UNTESTED:
        if not any(name.startswith(prefix) for name in have):
            yield f"tests/tidy/tidy.py: UNTESTED names {prefix}, which is gone"


def included_by_tests(names: list[str]) -> set[str]:
    """Our own headers that some *_test.cc includes."""
    out: set[str] = set()
    for name in names:
        if name.endswith("_test.cc") and (ROOT / name).is_file():
            out |= set(re.findall(r'#include "([^"]+)"', (ROOT / name).read_text()))
    return out


def check_format(names: list[str]):
    tool = shutil.which("clang-format-19")
    if tool is None:
        yield "clang-format-19 is not installed (make deps)"
        return
    files = [name for name in names if name.endswith(CPP)]
    batches = [files[i : i + 8] for i in range(0, len(files), 8)]

    def run(batch: list[str]) -> str:
        command = [tool, "--dry-run", "-Werror", "--ferror-limit=1", *batch]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stderr

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(run, batches):
            for match in re.finditer(r"^(\S+:\d+):\d+: error: .*$", output, re.MULTILINE):
                yield f"{match.group(1)}: not as clang-format-19 writes it"


def all_faults(names: list[str]):
    yield from check_folders(names)
    yield from check_mirror(names)
    for name in names:
        path = ROOT / name
        if path.stat().st_size > FILE_BYTES_MAX:
            yield f"{name}: larger than {FILE_BYTES_MAX} bytes: fixtures are generated"
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        text = data.decode("utf-8", "replace")
        for match in MACHINE_PATHS.finditer(text):
            yield f"{name}:{line_of(text, match)}: a path of one machine: {match.group(0)}"
        if name.endswith(CODE):
            yield from check_text(name, text)
        if name.endswith(CPP):
            yield from check_cpp(name, text)
    yield from check_format(names)


def main() -> int:
    names = tracked()
    faults = sorted(set(all_faults(names)))
    for fault in faults:
        print(fault)
    print(f"tidy: {len(names)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
