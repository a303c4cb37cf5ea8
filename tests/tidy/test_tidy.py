"""Each rule refuses its bad sample and lets its good one pass."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp  # noqa: E402
import tidy  # noqa: E402


def faults(text: str, name: str = "daemon/api/sample.cc") -> str:
    return "\n".join([*tidy.check_text(name, text), *tidy.check_cpp(name, text)])


def coroutine(text: str) -> set[str]:
    return {rule for _, rule, _ in cpp.coroutine_faults(cpp.strip(text))}


BAD = {
    "GCC-1": [
        "auto r = co_await offload(pool, [store, at] { return store->get(at); });",
        "asio::co_spawn(ex, [s] { return s->run(); }, asio::use_awaitable);",
        "co_await [s]() -> Task<int> { co_return 1; }();",
        "WAAG_CO_TRY(auto x, co_await offload(app.blocking, [&a, b = std::move(b)] { f(b); }));",
    ],
    "GCC-2": [
        "co_await call(Options{.limit = 1});",
        "co_await call({.limit = 1});",
        "co_await call(std::array<std::string, 2>{a, b});",
        "WAAG_CO_TRY(auto x, co_await send(Message{name, body}));",
    ],
    "GCC-3": ["auto r = fast ? co_await f() : g();", "auto r = fast ? g() : co_await f();"],
    "GCC-4": ['co_await write_all({"a", "b"});', "co_await app.write({first, second});"],
    "GCC-5": ["auto x = ({ int y = 1; y; });"],
    "GCC-6": ["auto [a, b] = co_await f();"],
}
GOOD = [
    "auto job = [store, at] { return store->get(at); };\nco_await offload(pool, std::move(job));",
    "co_await offload(pool, [&] { return f(); });",
    "co_await offload(pool, [this] { return f(values[i]); });",
    "asio::co_spawn(ex, run(std::move(session)), [keep](std::exception_ptr) { done(keep); });",
    "auto r = co_await f();\nauto& [a, b] = r;",
    "const auto limit = fast ? 1 : 2;\nco_await f(limit);",
    '// co_await call({.limit = 1});\nconst char* text = "co_await call({.limit = 1});";',
    "co_await f(values[i](0));",
]


@pytest.mark.parametrize("rule,text", [(rule, text) for rule in BAD for text in BAD[rule]])
def test_coroutine_rule_refuses(rule, text):
    assert rule in coroutine("Task<int> f() {\n" + text + "\n}\n")


@pytest.mark.parametrize("text", GOOD)
def test_coroutine_rules_let_pass(text):
    assert coroutine("Task<int> f() {\n" + text + "\n}\n") == set()


def body(lines: int) -> str:
    return "".join("  call({1, 2});\n" for _ in range(lines - 2))


@pytest.mark.parametrize(
    "head",
    [
        "int f(int a) {\n",
        "Foo::Foo(int a) : b_{a}, c_(a) {\n",
        'TEST_CASE("a: b", "[c]") {\n',
        "auto f(Options o = {}) const noexcept -> int {\n",
        "template <class T>\nstatic Task<T> f(T a) {\n",
    ],
)
def test_function_length(head):
    extra = head.count("\n") - 1
    assert "function of" not in faults(head + body(70 - extra) + "}\n")
    long = faults("namespace a {\nclass B {\n};\n" + head + body(71 - extra) + "}\n}\n")
    assert "sample.cc:4: function of 71 lines" in long


def test_a_long_class_or_table_is_no_function():
    assert faults("class A {\n" + "  int f();\n" * 90 + "};\n") == ""
    assert faults("constexpr int a[] = {\n" + "  f(1),\n" * 90 + "};\n") == ""


@pytest.mark.parametrize(
    "text,expected",
    [
        ("int a;\n" * 401, "401 lines"),
        ("//" + "x" * 99 + "\n", "101 columns"),
        ("asio::co_spawn(ex, f(), asio::detached);\n", "detached"),
        ("auto* a = new Foo;\n", "naked new"),
        ("  delete a;\n", "naked new"),
        ("#include <boost/beast/core.hpp>\n", "belongs to daemon/http/"),
        ("#include <rocksdb/db.h>\n", "belongs to storage/meta/"),
        ("#include <curl/curl.h>\n", "belongs to cli/http"),
        ("#include <boost/asio.hpp>\n", "narrow header"),
        ("// TO" + "DO later\n", "unfinished"),
        ("// a st" + "ub\n", "unfinished"),
    ],
)
def test_text_rules_refuse(text, expected):
    assert expected in faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "Foo(const Foo&) = delete;\n",
        "// a new thing: delete it\n",
        'const char* a = "new Foo; /* ";\nint b = 1\'000\'000;\n',
        "#include <boost/asio/post.hpp>\n",
    ],
)
def test_text_rules_let_pass(text):
    assert faults(text) == ""


def test_weak_tests_are_refused():
    assert "cannot fail" in faults("CHECK(tr" + "ue);\n", "tests/daemon/a_test.cc")
    assert "cannot fail" in faults('TEST_CASE("a", "[' + '.]") {}\n', "tests/daemon/a_test.cc")


def test_mirror_and_folders():
    assert any("no test" in f for f in tidy.check_mirror(["protocol/x/y.cc", *tidy.UNTESTED]))
    for test in ("tests/protocol/x/y_test.cc", "tests/protocol/y_test.cc"):
        assert list(tidy.check_mirror(["protocol/x/y.cc", test, *tidy.UNTESTED])) == []
    many = [f"protocol/f{n}.h" for n in range(21)]
    assert any("21 files" in f for f in tidy.check_folders(many))
    assert any("top level" in f for f in tidy.check_folders(["stuff/a.cc"]))
