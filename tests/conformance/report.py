"""From pytest's JUnit file to a verdict and to docs/CONFORMANCE.md."""

import ast
import pathlib
import re
import xml.etree.ElementTree
from collections import Counter, defaultdict
from dataclasses import dataclass

import skips

INTRODUCTION = """\
# Conformance

What the test suite of huggingface_hub, the Python client, says of waagd. Written by
`make conformance TREE=dir`, one section per version of the client; the suite runs unchanged, over
TLS, against a Release daemon with a fresh store. A failed test is a fault or a gap of ours. A
skipped one is left out by a named reason: our table (tests/conformance/skips.py) or the suite's own
condition. Classes of tests that send nothing to the hub are counted in one line.
"""


@dataclass(frozen=True)
class Result:
    group: str  # "test_hf_api.py TestCommitApi"
    name: str
    outcome: str  # passed, failed or skipped
    reason: str  # of a skip, else the first line of what was raised
    spoke: bool  # it sent something to the hub


def version(tree: pathlib.Path) -> str:
    """The client's version, from its source."""
    text = (tree / "src" / "huggingface_hub" / "__init__.py").read_text()
    return ast.literal_eval(re.search(r"^__version__ = (.+)$", text, re.MULTILINE).group(1))


def read(junit: pathlib.Path) -> list[Result]:
    """All tests; an error of set-up or tear-down is a failure."""
    root = xml.etree.ElementTree.parse(junit).getroot()
    merged: dict[tuple[str, str], Result] = {}
    for case in root.iter("testcase"):
        result = _result(case)
        key = (result.group, result.name)
        # A test that passes and then fails in tear-down is there twice.
        if key not in merged or result.outcome == "failed":
            merged[key] = result
    return list(merged.values())


def _result(case) -> Result:
    # A file that could not be imported is a case without a class, named "tests.test_x".
    file, *inner = (case.get("classname") or case.get("name")).removeprefix("tests.").split(".")
    fault = case.find("failure") if case.find("failure") is not None else case.find("error")
    skipped = case.find("skipped")
    outcome, reason = "passed", ""
    if fault is not None:
        outcome, reason = "failed", (fault.get("message") or "").split("\n")[0]
    elif skipped is not None:
        outcome, reason = "skipped", skipped.get("message") or ""
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    group = " ".join([f"{file}.py", *inner])
    return Result(group, case.get("name"), outcome, reason, properties.get("spoke") == "1")


def failed(results: list[Result]) -> list[Result]:
    return [result for result in results if result.outcome == "failed"]


def show(results: list[Result]) -> None:
    for result in failed(results):
        print(f"FAILED {result.group} {result.name}: {result.reason[:200]}")
    count = Counter(result.outcome for result in results)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")


def write(document: pathlib.Path, client: str, results: list[Result]) -> None:
    """Puts the section of `client` into `document`, newest version first; the others stay."""
    sections = {}
    if document.exists():
        parts = re.split(r"^## huggingface_hub (\S+)\n", document.read_text(), flags=re.MULTILINE)
        sections = dict(zip(parts[1::2], parts[2::2]))
    sections[client] = _section(results)
    newest_first = sorted(sections, key=_numbers, reverse=True)
    bodies = [f"## huggingface_hub {name}\n{sections[name].rstrip()}\n" for name in newest_first]
    document.write_text("\n".join([INTRODUCTION, *bodies]))


def _numbers(client: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", client)]


def _section(results: list[Result]) -> str:
    return "\n".join(["", *_table(results), "", *_failures(results), *_skips(results)])


def _table(results: list[Result]) -> list[str]:
    groups = defaultdict(list)
    for result in results:
        groups[result.group].append(result)
    lines = ["| tests | passed | failed | skipped |", "|---|---|---|---|"]
    rest, total = Counter(), Counter()
    for name in sorted(groups):
        count = Counter(result.outcome for result in groups[name])
        total += count
        if any(result.spoke for result in groups[name]) or count["failed"]:
            lines.append(_row(name, count))
        else:
            rest += count
    return [*lines, _row("classes that send nothing to a hub", rest), _row("all", total)]


def _row(name: str, count: Counter) -> str:
    return f"| {name} | {count['passed']} | {count['failed']} | {count['skipped']} |"


def _failures(results: list[Result]) -> list[str]:
    groups = defaultdict(list)
    for result in failed(results):
        groups[result.group].append(result.name)
    if not groups:
        return []
    lines = ["Failed:", ""]
    for group in sorted(groups):
        names = ", ".join(f"`{name}`" for name in sorted(groups[group]))
        lines.append(f"- {group}: {names}")
    return [*lines, ""]


def _skips(results: list[Result]) -> list[str]:
    groups = defaultdict(Counter)
    for result in results:
        if result.outcome == "skipped":
            ours = result.reason.startswith(skips.PREFIX)
            text = result.reason.removeprefix(skips.PREFIX)
            groups[text if ours else f"the suite's own: {text}"][result.group] += 1
    lines = ["Skipped:", "", "| reason | tests | where |", "|---|---|---|"]
    for text in sorted(groups):
        where = ", ".join(sorted(groups[text]))
        lines.append(f"| {text} | {groups[text].total()} | {where} |")
    return lines + [f"| {text} | all | {file} |" for file, text in skips.FILES.items()]
