"""Programs of llama.cpp as they are (oracles/build_llama_programs.py): what `-hf` downloads, and
what the model says then. The newest asks for a repository's tree, that of 2025 for
/v2/.../manifests. Only in `make reliability`.
"""

import os
import pathlib
import subprocess

import pytest
from client import Client, add
from jobs import ended
from oracles import published_model
from proxy import CuttingProxy

MIB = 1 << 20
CALL_S = 300
AGES = ("2026", "2025")


class Program:
    def __init__(self, age: str, home: pathlib.Path, endpoint: str, token: str | None = None):
        self.age, self.home = age, home
        self.program = pathlib.Path(os.environ["WAAG_LLAMA_PROGRAMS"]) / age
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("HF_", "LLAMA_")) and not name.lower().endswith("_proxy")}
        self.environment = kept | {"HF_ENDPOINT": endpoint, "LLAMA_CACHE": str(home)}
        if token:
            self.environment["HF_TOKEN"] = token
        home.mkdir(parents=True, exist_ok=True)

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """Its answer on stdout; what it said besides on stderr."""
        command = [self.program, *words, "-p", published_model.QUESTION, "-n", "8", "-c", "256",
                   "--temp", "0", "-no-cnv", "--no-display-prompt", "--no-warmup", "-t", "2"]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=CALL_S)

    def files(self) -> set[bytes]:
        """The GGUF files that it keeps."""
        paths = [path for path in self.home.rglob("*") if path.is_file() and not path.is_symlink()]
        return {data for data in map(pathlib.Path.read_bytes, paths) if data[:4] == b"GGUF"}


@pytest.fixture(params=AGES)
def age(request):
    return request.param


@pytest.fixture
def program(age, hub, tmp_path):
    """program(token=None, endpoint=that of the hub) -> Program without files."""
    return lambda token=None, endpoint=None: Program(
        age, tmp_path / "cache", endpoint or hub.endpoint, token)


@pytest.fixture(scope="module")
def published():
    return published_model.folder() / "published.gguf"


@pytest.fixture(scope="module")
def smol(hub, owner, homes, published):
    """A private repository of acme with a published model between other files."""
    client = Client("hub-new", hub.endpoint, owner, homes / "llama-programs")
    repo = "acme/smol-programs-GGUF"
    client.call("create_repo", repo_id=repo, private=True)
    files = {"README.md": b"# Smol\n", "SmolLM2-Q4_1.gguf": published,
             "SmolLM2-imatrix.gguf": b"GGUF none", "SmolLM2-Q9_9.gguf": b"GGUF none"}
    client.call("create_commit", repo_id=repo, commit_message="models",
                operations=[add(name, data) for name, data in files.items()])
    return repo


@pytest.mark.parametrize("words", [
    ("-hf", "{}:Q4_1"), ("-hf", "{}:q4_1"), ("-hf", "{}"),
    ("--hf-repo", "{}", "--hf-file", "SmolLM2-Q4_1.gguf")], ids=" ".join)
def test_downloads_and_answers(program, owner, smol, published, words):
    started = program(owner)
    done = started.run(*(word.format(smol) for word in words))
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.strip().startswith(published_model.ANSWER), done.stdout
    assert started.files() == {published.read_bytes()}


def said(done: subprocess.CompletedProcess) -> str:
    return done.stdout + done.stderr


def test_without_a_token(program, age, smol):
    started = program()
    done = started.run("-hf", smol)
    assert done.returncode != 0 and started.files() == set()
    words = {"2026": "--model is required", "2025": "model is private or does not exist"}[age]
    assert words in said(done), said(done)[-4000:]


def test_an_unknown_tag(program, age, owner, smol):
    started = program(owner)
    done = started.run("-hf", f"{smol}:Q7_7")
    assert done.returncode != 0 and started.files() == set()
    words = {"2026": "--model is required", "2025": "not a valid quantization scheme"}[age]
    assert words in said(done), said(done)[-4000:]


def test_parts(program, hub, owner, homes, tiny):
    client = Client("hub-new", hub.endpoint, owner, homes / "llama-parts")
    if not client.call("repo_exists", repo_id="acme/programs-GGUF"):
        client.call("create_repo", repo_id="acme/programs")
        client.call("upload_folder", repo_id="acme/programs", folder_path=str(tiny("qwen2")))
        ask = ("convert", "acme/programs", "--to", "gguf:F32", "--split-max-size", "1M", "--via",
               "direct", "--detach")
        done = ended(hub, hub.cli(*ask, token=owner)["id"])
        assert done["state"] == "done", done
    files = client.call("list_repo_files", repo_id="acme/programs-GGUF")
    started = program()
    done = started.run("-hf", "acme/programs-GGUF:F32")
    assert done.returncode == 0, done.stderr[-4000:]
    assert len(started.files()) == len([name for name in files if name.endswith(".gguf")]) > 2


def test_after_a_cut(hub, owner, smol, published, tmp_path):
    """Not that of 2025: after a cut it writes the whole file behind what it has."""
    with CuttingProxy(hub.address, cuts=1, after_bytes=30 * MIB) as proxy:
        started = Program("2026", tmp_path / "cache", proxy.endpoint, owner)
        done = started.run("-hf", smol)
        assert done.returncode == 0, done.stderr[-4000:]
        assert proxy.cuts == 0
        assert [one for one in proxy.ranges if one != "bytes=0-"], proxy.ranges
    assert done.stdout.strip().startswith(published_model.ANSWER), done.stdout
    assert started.files() == {published.read_bytes()}
