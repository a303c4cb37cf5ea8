"""Sources share a compilation only where gluing them changes no meaning."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cmake" / "unity_groups.py"

HEADERS = {
    "a.h": "namespace waag::a {\nint value(int x);\n}\nnamespace waag::a::testing {\nint n();\n}\n",
    "b.h": "namespace waag::b {\nint value(int x);\n}\nnamespace waag::b::testing {\nint n();\n}\n",
}

APART = {
    "one name in two unnamed namespaces": (
        "namespace {\nint twice(int x) { return 2 * x; }\n}  // namespace\n",
        "namespace {\nint twice(int x) { return x + x; }\n}  // namespace\n",
    ),
    "the second of two names": (
        "namespace {\nconstexpr int rows = 2, columns = 3;\n}  // namespace\n",
        "int area(int columns) { return columns; }\n",
    ),
    "a static function": (
        "static int half(int x) {\n  return x / 2;\n}\n",
        "int f() { return half(4); }\n",
    ),
    "a type": ("namespace {\nstruct Part {};\n}  // namespace\n", "struct Part;\n"),
    "a name taken from a namespace": (
        "using std::chrono::days;\nint f();\n",
        "void g() {\n  using days = long;\n}\n",
    ),
    "a macro": ("#define LIMIT 3\n", "int LIMIT();\n"),
    "what the other's header declares": (
        "namespace {\nint value(int x) { return x; }\n}  // namespace\n",
        '#include "a.h"\nint g() { return 1; }\n',
    ),
    "a name that both look up": (
        '#include "a.h"\nusing namespace waag::a;\nint f() { return value(1); }\n',
        '#include "b.h"\nusing namespace waag::b;\nint g() { return value(2); }\n',
    ),
    "a namespace that both call by its last name": (
        '#include "a.h"\nusing namespace waag::a;\nint f() { return testing::n(); }\n',
        '#include "b.h"\nint g() { return 0; }\n',
    ),
}

TOGETHER = {
    "names in text and comments": (
        "namespace {\nint twice(int x) { return 2 * x; }\n}  // namespace\n",
        '// twice\nconst char* text = "twice";\n',
    ),
    "names after the unnamed namespace": (
        "namespace {\nint twice(int x) { return 2 * x; }\n}  // namespace\nint shared();\n",
        "int other() { return shared(); }\n",
    ),
    "the same name taken from one namespace": (
        "using std::chrono::days;\nint f(days);\n",
        "using std::chrono::days;\nint g(days);\n",
    ),
    "the same header": ('#include "a.h"\nint f();\n', '#include "a.h"\nint g();\n'),
}


def groups(folder: pathlib.Path, sources: tuple[str, ...]) -> list[str]:
    for name, text in HEADERS.items():
        (folder / name).write_text(text)
    names = []
    for number, text in enumerate(sources):
        names.append(f"{number}.cc")
        (folder / names[-1]).write_text(text)
    done = subprocess.run(
        [sys.executable, SCRIPT, *names], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("sources", APART.values(), ids=APART)
def test_apart(tmp_path, sources):
    assert groups(tmp_path, sources) == ["0.cc", "1.cc"]
    (tmp_path / "turned").mkdir()
    assert len(groups(tmp_path / "turned", sources[::-1])) == 2


@pytest.mark.parametrize("sources", TOGETHER.values(), ids=TOGETHER)
def test_together(tmp_path, sources):
    assert groups(tmp_path, sources) == ["0.cc;1.cc"]


def test_groups_are_bounded(tmp_path):
    sources = tuple(f"int f{n}();\n" for n in range(30))
    sizes = [len(group.split(";")) for group in groups(tmp_path, sources)]
    assert sum(sizes) == 30 and max(sizes) <= 12
