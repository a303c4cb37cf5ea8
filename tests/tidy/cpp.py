"""A small reader of C++ text.

It measures functions and finds the coroutine shapes that g++ 12 compiles to wrong code.
"""

import re

_TOKENS = re.compile(
    r"""
    //[^\n]*                                    # line comment
  | /\*.*?\*/                                   # block comment
  | R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"      # raw string
  | "(?:\\.|[^"\\\n])*"                         # string
  | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'         # character; not the ' of 1'000
    """,
    re.VERBOSE | re.DOTALL,
)


def strip(text: str) -> str:
    """Blanks comments and the insides of literals; keeps every newline, so line numbers stay."""

    def blank(match: re.Match) -> str:
        token = match.group(0)
        newlines = "\n" * token.count("\n")
        if token.startswith("/"):
            return " " + newlines
        return token[0].replace("R", '"') + newlines + token[-1]

    return _TOKENS.sub(blank, text)


_NOT_FUNCTION = re.compile(r"\b(namespace|class|struct|enum|union)\b[^()]*$|=\s*$|^\s*extern\s*\"")


def functions(code: str):
    """Yields (first line, lines) of each outermost function body in stripped `code`."""
    scopes = []  # True for a function body, False for anything else
    head_start = 0
    parens = 0
    start = 0
    for match in re.finditer(r"[(){};]", code):
        at, char = match.start(), match.group(0)
        inside = any(scopes)
        if char == "(":
            parens += 1
        elif char == ")":
            parens = max(0, parens - 1)
        elif char == "{":
            head = code[head_start:at]
            body = not inside and parens == 0 and "(" in head and not _NOT_FUNCTION.search(head)
            if body:
                start = re.compile(r"\s*").match(code, head_start).end()
            scopes.append(body)
            head_start = at + 1 if parens == 0 else head_start
        elif char == "}" and scopes:
            if scopes.pop():
                first = code.count("\n", 0, start) + 1
                yield first, code.count("\n", 0, at) + 2 - first
            head_start = at + 1 if parens == 0 else head_start
        elif char == ";" and parens == 0:
            head_start = at + 1


def _statement_from(code: str, at: int) -> str:
    """The rest of the full expression that starts at `at`: up to the `;` at its own depth."""
    depth = 0
    for match in re.finditer(r"[(\[{}\]);]", code[at : at + 8000]):
        char = match.group(0)
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth <= 0:
            return code[at : at + match.start()]
    return code[at : at + 8000]


_LAMBDA = re.compile(r"(?<![\w)\]])\[([^\[\]]*)\]\s*(?:\(|\{|mutable\b)")
_AGGREGATE = re.compile(r"\b(?:[\w]+::)*[A-Z]\w*\{\s*[^}\s]|\bstd::array<[^;]*?>\{|[(,]\s*\{\s*\.")
_BRACED_LIST = re.compile(r"^co_await\s+[\w:.\->]+\(\s*\{(?!\s*\})")


def _owns(captures: str) -> bool:
    items = [item.strip() for item in captures.split(",") if item.strip()]
    return any(item != "this" and not item.startswith("&") for item in items)


def coroutine_faults(code: str):
    """Yields (line, rule, text) for the shapes of the g++ 12 rules in stripped `code`."""
    for match in re.finditer(r"\bco_await\b|\bco_spawn\s*\(", code):
        line = code.count("\n", 0, match.start()) + 1
        rest = _statement_from(code, match.start())
        if match.group(0) != "co_await" and "use_awaitable" not in rest:
            continue
        for found in _LAMBDA.finditer(rest):
            if _owns(found.group(1)):
                yield line, "GCC-1", "a lambda with owning captures in an awaited expression"
                break
        flat = re.sub(r"\{[^{}]*;[^{}]*\}", "", rest)  # bodies of lambdas are other expressions
        if _AGGREGATE.search(flat):
            yield line, "GCC-2", "a braced temporary in an awaited expression: name it first"
        if _BRACED_LIST.search(rest):
            yield line, "GCC-4", "a braced list as argument of an awaited call"
    for match in re.finditer(r"\?\s*co_await\b|\?[^;{}?]*:\s*co_await\b", code):
        line = code.count("\n", 0, match.end()) + 1
        yield line, "GCC-3", "co_await in a conditional expression"
    for match in re.finditer(r"[=(,]\s*\(\{|\breturn\s*\(\{", code):
        line = code.count("\n", 0, match.start()) + 1
        yield line, "GCC-5", "a statement expression"
    for match in re.finditer(r"\bauto\s*&{0,2}\s*\[[^\]]*\]\s*=\s*co_await\b", code):
        line = code.count("\n", 0, match.start()) + 1
        yield line, "GCC-6", "a structured binding of an awaited value"
