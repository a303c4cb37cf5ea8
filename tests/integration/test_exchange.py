"""What one client version pushes, another pulls: real and real-shaped models, byte for byte."""

import hashlib
import pathlib

import pytest
from client import ClientError, add, as_bytes
from conftest import digests
from proxy import CuttingProxy


def test_real_model_by_command_line(pair, repo, real_model, tmp_path):
    writer, reader = pair
    writer.cli("upload", repo, real_model, ".")
    reader.cli("download", repo, "--local-dir", tmp_path / "out")
    assert digests(tmp_path / "out") == digests(real_model)


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_shaped_models(pair, repo, shaped_models, kind, tmp_path):
    writer, reader = pair
    writer.call("upload_folder", repo_id=repo, folder_path=str(shaped_models[kind]))
    folder = reader.call("snapshot_download", repo_id=repo)
    assert digests(folder) == digests(shaped_models[kind])


def test_old_command_name(new_client, repo, tmp_path):
    """huggingface-cli: what scripts of 0.x call."""
    client = new_client("hub-0.36")
    (tmp_path / "a.txt").write_text("a")
    client.cli("upload", repo, tmp_path / "a.txt", "b.txt", tool="huggingface-cli")
    done = client.cli("download", repo, "b.txt", tool="huggingface-cli")
    assert pathlib.Path(done.stdout.strip().splitlines()[-1]).read_text() == "a"


def test_repo_commands(client):
    """`hf repo create` of 0.36 (which cannot delete), `hf repos` of newer ones."""
    old = client.version == "hub-0.36"
    group = "repo" if old else "repos"
    repo = f"acme/by-cli-{client.version}".replace(".", "-")
    client.cli(group, "create", repo)
    assert client.call("repo_exists", repo_id=repo)
    if old:
        client.call("delete_repo", repo_id=repo)
    else:
        client.cli(group, "delete", repo, "--yes")
    assert not client.call("repo_exists", repo_id=repo)


def test_patterns(client, repo):
    names = ("a.txt", "b.json", "w/c.bin", "w/d.txt")
    files = [add(name, name.encode() + b"\0") for name in names]
    client.call("create_commit", repo_id=repo, operations=files, commit_message="all")

    def pulled(**patterns):
        fresh = client.at(home=client.home / "-".join(patterns))
        return set(digests(fresh.call("snapshot_download", repo_id=repo, **patterns)))

    assert pulled(allow_patterns=["*.txt"]) == {"a.txt", "w/d.txt"}
    assert pulled(ignore_patterns=["w/*"]) == {"a.txt", "b.json"}


def test_cache_hit_asks_for_no_bytes(hub, client, repo):
    client.call(
        "upload_file", repo_id=repo, path_in_repo="a.bin", path_or_fileobj=as_bytes(b"\0" * 5000)
    )
    with CuttingProxy(hub.address) as proxy:
        reader = client.at(endpoint=proxy.endpoint)
        first = reader.call("hf_hub_download", repo_id=repo, filename="a.bin")
        assert proxy.count("GET", "/resolve/") == 1
        again = reader.call("hf_hub_download", repo_id=repo, filename="a.bin", revision="main")
        assert again == first
        assert proxy.count("HEAD", "/resolve/") == 2
        assert proxy.count("GET", "/resolve/") == 1


def test_local_dir_pulls_only_what_changed(hub, client, repo, tmp_path):
    def upload(name, text):
        client.call(
            "upload_file", repo_id=repo, path_in_repo=name, path_or_fileobj=as_bytes(text)
        )

    upload("a.txt", b"a1")
    upload("b.txt", b"b1")
    with CuttingProxy(hub.address) as proxy:
        reader = client.at(endpoint=proxy.endpoint)
        reader.call("snapshot_download", repo_id=repo, local_dir=str(tmp_path))
        upload("b.txt", b"b2")
        before = proxy.count("GET", "/resolve/")
        reader.call("snapshot_download", repo_id=repo, local_dir=str(tmp_path))
        assert proxy.count("GET", "/resolve/") == before + 1
    assert (tmp_path / "a.txt").read_bytes() == b"a1"
    assert (tmp_path / "b.txt").read_bytes() == b"b2"


def test_cut_download_resumes(hub, new_client, repo, shaped_models):
    """The connection is cut in mid-file; the client comes back for the rest with a Range."""
    client = new_client("hub-new")
    source = sorted(shaped_models["qwen2"].glob("*.safetensors"))[0]
    client.call(
        "upload_file", repo_id=repo, path_in_repo="w.safetensors", path_or_fileobj=str(source)
    )
    with CuttingProxy(hub.address, cuts=2, after_bytes=source.stat().st_size // 3) as proxy:
        reader = client.at(endpoint=proxy.endpoint)
        path = reader.call("hf_hub_download", repo_id=repo, filename="w.safetensors")
        assert proxy.cuts == 0
        assert [text for text in proxy.ranges if text != "bytes=0-"], "it started over"
    with open(path, "rb") as got:
        have = hashlib.file_digest(got, "sha256").hexdigest()
    assert have == hashlib.sha256(source.read_bytes()).hexdigest()


def test_cut_download_resumes_in_a_new_process(hub, new_client, repo, shaped_models):
    """0.36 gives up on a cut, keeps what it has and goes on from there when it is run again."""
    client = new_client("hub-0.36")
    source = sorted(shaped_models["qwen2"].glob("*.safetensors"))[1]
    client.call("upload_file", repo_id=repo, path_in_repo="w.bin", path_or_fileobj=str(source))
    with CuttingProxy(hub.address, cuts=1, after_bytes=source.stat().st_size // 2) as proxy:
        reader = client.at(endpoint=proxy.endpoint)
        with pytest.raises(ClientError):
            reader.call("hf_hub_download", repo_id=repo, filename="w.bin")
        path = reader.call("hf_hub_download", repo_id=repo, filename="w.bin")
        assert [text for text in proxy.ranges if text != "bytes=0-"], "it started over"
    assert pathlib.Path(path).read_bytes() == source.read_bytes()


def test_second_revision_shares_chunks(hub, client, repo, real_model, tmp_path):
    """A small edit in 90 MB stores only the chunks around it."""
    weights = (real_model / "model.safetensors").read_bytes()
    edited = bytearray(weights)
    edited[50_000_000:50_000_100] = bytes(100)
    path = tmp_path / "model.safetensors"

    def upload(data):
        path.write_bytes(data)
        before = hub.cli("status")["packBytes"]
        client.call(
            "upload_file", repo_id=repo, path_in_repo="model.safetensors", path_or_fileobj=str(path)
        )
        return hub.cli("status")["packBytes"] - before

    upload(weights)
    assert upload(bytes(edited)) < 1 << 20
    got = hub.get(f"/{repo}/resolve/main/model.safetensors").body
    assert hashlib.sha256(got).digest() == hashlib.sha256(edited).digest()
