"""What one client version pushes, another pulls: real and real-shaped models, byte for byte."""

import contextlib
import hashlib
import pathlib

import pytest
from client import ClientError, add, as_bytes
from conftest import digests
from proxy import CuttingProxy

# How a version creates a repository, and whether its command line can delete one.
WITH_ORGANIZATION = (["repo", "create", "{name}", "--organization", "acme", "--yes"], False)
REPO_COMMANDS = {
    "hub-0.25": WITH_ORGANIZATION,
    "hub-0.30": WITH_ORGANIZATION,
    "hub-0.34": (["repo", "create", "{repo}"], False),
    "hub-0.36": (["repo", "create", "{repo}"], False),
    "hub-1.0": (["repo", "create", "{repo}"], False),
}
CUTS = 2


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
    """Each version's own words; those of 0.x and 1.0 cannot delete, 1.10 does not ask first."""
    name = f"by-cli-{client.version}".replace(".", "-")
    repo = f"acme/{name}"
    command, deletes = REPO_COMMANDS.get(client.version, (["repos", "create", "{repo}"], True))
    client.cli(*(word.format(name=name, repo=repo) for word in command))
    assert client.call("repo_exists", repo_id=repo)
    if deletes:
        client.cli("repos", "delete", repo, *(["--yes"] if client.version != "hub-1.10" else []))
    else:
        client.call("delete_repo", repo_id=repo)
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
        # Another commit, the same ETag: a new snapshot of bytes that are already there.
        client.call(
            "upload_file", repo_id=repo, path_in_repo="b.txt", path_or_fileobj=as_bytes(b"b")
        )
        later = reader.call("hf_hub_download", repo_id=repo, filename="a.bin")
        assert later != first and pathlib.Path(later).read_bytes() == b"\0" * 5000
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


def test_cut_download_resumes(hub, client, repo, shaped_models):
    """The connection is cut in mid-file. Clients up to 1.17 give up, keep what they have and go on
    from there when they are run again; 1.19 keeps nothing; newer ones come back by themselves."""
    source = sorted(shaped_models["qwen2"].glob("*.safetensors"))[0]
    client.call(
        "upload_file", repo_id=repo, path_in_repo="w.safetensors", path_or_fileobj=str(source)
    )
    with CuttingProxy(hub.address, CUTS, after_bytes=source.stat().st_size // 3) as proxy:
        reader = client.at(endpoint=proxy.endpoint)
        for _ in range(CUTS + 1):
            with contextlib.suppress(ClientError):
                path = reader.call("hf_hub_download", repo_id=repo, filename="w.safetensors")
                break
        assert proxy.cuts == 0
        resumed = [text for text in proxy.ranges if text != "bytes=0-"]
        assert bool(resumed) == (client.version != "hub-1.19"), proxy.ranges
    with open(path, "rb") as got, open(source, "rb") as sent:
        assert hashlib.file_digest(got, "sha256").digest() == (
            hashlib.file_digest(sent, "sha256").digest()
        )


def pack_bytes(hub) -> int:
    """From the disk: the hub's own count may be seconds old."""
    return sum(path.stat().st_size for path in hub.data.glob("packs/*/*"))


def test_second_revision_shares_chunks(hub, client, repo, real_model, tmp_path):
    """A small edit in 90 MB stores only the chunks around it."""
    weights = (real_model / "model.safetensors").read_bytes()
    edited = bytearray(weights)
    edited[50_000_000:50_000_100] = bytes(100)
    path = tmp_path / "model.safetensors"

    def upload(data):
        path.write_bytes(data)
        before = pack_bytes(hub)
        client.call(
            "upload_file", repo_id=repo, path_in_repo="model.safetensors", path_or_fileobj=str(path)
        )
        return pack_bytes(hub) - before

    upload(weights)
    assert upload(bytes(edited)) < 1 << 20
    got = hub.get(f"/{repo}/resolve/main/model.safetensors").body
    assert hashlib.sha256(got).digest() == hashlib.sha256(edited).digest()
