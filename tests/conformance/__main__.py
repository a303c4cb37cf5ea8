"""Runs huggingface_hub's own test suite, unchanged, against a waagd of its own.

    python3 tests/conformance TREE [--xet] [PATTERN ...]

TREE is a checkout of huggingface_hub. Its client asks https://hub-ci.huggingface.co, and in a few
places huggingface.co whatever it is told: both names lead to the daemon here, which has a
certificate for them from a CA that only this run trusts. Without patterns the result goes to
docs/CONFORMANCE.md; pytest's own report and the daemon's log stay in build/conformance. Exit
status 1 if a test failed that skips.py does not leave out.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "harness")]

import certificate  # noqa: E402
import report  # noqa: E402
import seed  # noqa: E402
import skips  # noqa: E402
import venvs  # noqa: E402
from connect_proxy import ConnectProxy  # noqa: E402
from hub import Hub  # noqa: E402

KEPT = ROOT / "build" / "conformance"
HOSTS = ("hub-ci.huggingface.co", "huggingface.co")
WORKERS = 2
TEST_S = 900
# A test that compares times; upstream's own runs repeat it too.
FLAKY = ["--reruns", "3", "--only-rerun", "not less than or equal to 0.01"]
RUN_S = 3600
GIT_CONFIG = """\
[user]
\tname = conformance
\temail = conformance@example.test
[http]
\tproxy = {proxy}
\tsslCAInfo = {authority}
"""


def parse(arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__.split("\n")[0])
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("only", nargs="*", help="passed to pytest's -k, joined by `or`")
    parser.add_argument("--xet", action="store_true", help="install hf-xet and use it")
    options = parser.parse_args(arguments)
    options.tree = options.tree.resolve()
    if not (options.tree / "tests" / "testing_constants.py").is_file():
        parser.error(f"{options.tree} is no checkout of huggingface_hub")
    return options


def environment(scratch: pathlib.Path, options, hub: Hub, proxy: str, tokens: dict) -> dict:
    """What the suite's process sees: nothing of the caller's hub settings, home or git."""
    home = scratch / "home"
    home.mkdir()
    authority = str(hub.certificate.authority)
    (home / ".gitconfig").write_text(GIT_CONFIG.format(proxy=proxy, authority=authority))
    settings = {"address": hub.address, "hosts": HOSTS, "tokens": tokens, "xet": options.xet}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING", "GIT_"))}
    kept |= {
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join(map(str, [options.tree / "src", options.tree, HERE])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HUGGINGFACE_CO_STAGING": "1",
        "SSL_CERT_FILE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "CONFORMANCE": json.dumps(settings),
    }
    if options.xet:
        kept["HTTPS_PROXY"] = proxy  # hf-xet resolves names by itself
    else:
        kept["HF_HUB_DISABLE_XET"] = "1"
    return kept


def run_suite(options, python: pathlib.Path, env: dict, junit: pathlib.Path) -> None:
    """Runs pytest; its verdict is read from `junit`, not from its exit status."""
    command = [
        python, "-m", "pytest", "-q", "-c", options.tree / "pyproject.toml",
        "--rootdir", options.tree, "-p", "hub_plugin", "-p", "no:cacheprovider",
        "-o", "addopts=", "-W", "error::FutureWarning", "--tb=short", *FLAKY,
        "-n", WORKERS, "--dist", "loadscope", "--timeout", TEST_S, "--junitxml", junit,
        *(f"--ignore-glob={options.tree}/tests/{name}" for name in skips.FILES),
    ]
    if options.only:
        command += ["-k", " or ".join(options.only)]
    command.append(options.tree / "tests")
    subprocess.run(list(map(str, command)), env=env, cwd=env["HOME"], timeout=RUN_S)


def main(arguments) -> int:
    options = parse(arguments)
    wanted = [HERE / "requirements.txt"] + [HERE / "requirements-xet.txt"] * options.xet
    python = venvs.ensure("conformance-xet" if options.xet else "conformance", *wanted)
    KEPT.mkdir(parents=True, exist_ok=True)
    junit = KEPT / "junit.xml"
    junit.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="conformance") as scratch:
        run_against_hub(options, python, pathlib.Path(scratch), junit)
    if not junit.is_file():
        print("pytest ended without a result", file=sys.stderr)
        return 1
    results = report.read(junit)
    report.show(results)
    if not options.only:
        report.write(ROOT / "docs" / "CONFORMANCE.md", report.version(options.tree), results)
    return 1 if report.failed(results) else 0


def run_against_hub(options, python: pathlib.Path, scratch: pathlib.Path, junit: pathlib.Path):
    made = certificate.make(scratch, *HOSTS)
    with Hub(scratch / "data", certificate=made) as hub:
        names = seed.constants(options.tree)
        tokens = seed.make_users(hub, names)
        seed.make_orgs(hub, names)
        seed.make_repos(hub, names)
        with ConnectProxy({f"{host}:443": hub.address for host in HOSTS}) as proxy:
            env = environment(scratch, options, hub, proxy.url, tokens)
            run_suite(options, python, env, junit)
    shutil.copy(hub.log, KEPT / "waagd.log")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
