"""Certificates of conversions: checked by waag, and by openssl, which knows nothing of us."""

import hashlib
import json
import stat
import subprocess

import pytest
from hub import binary

KEY = "/api/waag/v1/key"
WEIGHTS = bytes(range(256)) * 64
FIGURES = (
    "perplexity_reference perplexity_other ln_perplexity_ratio ln_perplexity_ratio_error kld_mean "
    "kld_error kld_median kld_p90 kld_p99 kld_p999 kld_max same_top next_mean next_rms"
).split()


def openssl(*arguments) -> subprocess.CompletedProcess:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def waag(hub, *arguments) -> subprocess.CompletedProcess:
    command = [binary("waag"), "--endpoint", hub.endpoint, "--token", hub.token, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def described(path, data: bytes) -> dict:
    return {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def certificate(key: str, repo: str, files: dict[str, bytes]) -> dict:
    """As docs/CONVERT.md says, by nothing of ours."""
    digest = hashlib.sha256(b"something").hexdigest()
    tensor = {"name": "blk.0.attn_q.weight", "type": "Q8_0", "shape": [128, 128], "sqnr_db": 48.5,
              "rel_rmse": 0.0037, "max_error": 1e-05, "sha256": digest}
    return {
        "schema": "waag-certificate-1",
        "source": {"repo": "ada/tiny", "commit": "0123456789" * 4,
                   "files": [described("config.json", b"{}")]},
        "output": {"repo": repo, "target": "gguf:Q8_0",
                   "files": [described(*file) for file in files.items()], "imatrix": None},
        "tool": {"name": "waag-convert", "version": "0.1.0", "float": "no-fma"},
        "path": {"via": "bf16"},
        "tensors": [tensor, tensor | {"name": "output_norm.weight", "sqnr_db": None}],
        "evaluation": {"text": {"id": "waag-evaluation-1", "sha256": digest},
                       "tokenizer_sha256": digest, "context": 512, "tokens": 8192, "places": 4080}
        | {name: 0.125 for name in FIGURES} | {"blocks": [0.001, 0.002]},
        "gates": {"verdict": "pass",
                  "limits": {"kld_mean": 0.01, "kld_p99": 0.1, "same_top": 0.97,
                             "ln_perplexity_ratio": 0.01, "factor": 2.0}, "reasons": []},
        "hardware": {"device": "cpu", "cpu": "avx2"},
        "time": "2026-11-27T11:00:00.000Z",
        "hub": {"key": f"ed25519:{key}"},
    }


def public_hex(pem: str) -> str:
    shown = openssl("pkey", "-pubin", "-in", pem, "-noout", "-text")
    assert shown.returncode == 0, shown.stderr
    return "".join(shown.stdout.split("pub:")[1].split()).replace(":", "")


@pytest.fixture
def key(hub, tmp_path):
    """Path of the hub's public key, as anybody gets it."""
    reply = hub.get(KEY, token=None)
    assert reply.status == 200
    path = tmp_path / "hub.pem"
    path.write_bytes(reply.body)
    return path


@pytest.fixture
def published(hub, key, tmp_path):
    """A repo with a conversion that the hub's key has signed, and the folder of its files."""
    repo = f"admin/{tmp_path.name.replace('_', '-')[:60].strip('-')}-GGUF"
    folder = tmp_path / "files"
    (folder / "certificates").mkdir(parents=True)
    files = {"tiny-Q8_0.gguf": WEIGHTS, "notes/small.txt": b"words"}
    for path, data in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    text = folder / "certificates" / "Q8_0.json"
    text.write_text(json.dumps(certificate(public_hex(key), repo, files), indent=1))
    signature = text.with_name("Q8_0.json.sig")
    signed = openssl("pkeyutl", "-sign", "-inkey", hub.data / "hub.key", "-rawin", "-in", text,
                     "-out", signature)
    assert signed.returncode == 0, signed.stderr
    hub.cli("import", str(folder), "--repo", repo)
    return repo, folder


def change(hub, repo, folder, path, data: bytes):
    (folder / path).write_bytes(data)
    hub.cli("import", str(folder), "--repo", repo)


def problem(hub, *arguments) -> str:
    """What `cert verify` says is wrong; both ways of printing agree that something is."""
    told = waag(hub, "--json", "cert", "verify", *arguments)
    assert told.returncode == 1 and json.loads(told.stdout)["ok"] is False, told.stderr
    shown = waag(hub, "cert", "verify", *arguments)
    assert shown.returncode == 1 and shown.stdout == ""
    return shown.stderr


def test_what_was_certified_is_what_is_there(hub, published, key):
    repo, folder = published
    assert json.loads(hub.get(f"/api/models/{repo}/tree/main", token=None).body)
    for arguments in ((), ("Q8_0",), ("gguf:q8_0", "--key", key), ("--folder", folder)):
        shown = waag(hub, "cert", "verify", f"{repo}@main", *map(str, arguments))
        assert shown.returncode == 0, shown.stderr
        assert "gguf:Q8_0 of ada/tiny at 0123456789" in shown.stdout
        assert hashlib.sha256(WEIGHTS).hexdigest() in shown.stdout
    told = hub.cli("cert", "verify", repo)
    assert told["ok"] and told["uncertified"] == []
    assert [file["path"] for file in told["certificates"][0]["files"]] == [
        "tiny-Q8_0.gguf", "notes/small.txt"]
    text = (folder / "certificates" / "Q8_0.json").read_text()
    assert hub.cli("cert", "show", repo, "Q8_0") == json.loads(text)
    assert hub.cli("cert", "show", repo) == [json.loads(text)]
    summary = waag(hub, "cert", "show", repo)
    assert summary.returncode == 0 and "verdict     pass" in summary.stdout
    assert "blk.0.attn_q.weight  Q8_0  128x128  48.5 dB" in summary.stdout


def test_anybody_can_check_it_with_openssl(hub, published, key, tmp_path):
    repo, _ = published
    for name in ("Q8_0.json", "Q8_0.json.sig"):
        reply = hub.get(f"/{repo}/resolve/main/certificates/{name}", token=None)
        (tmp_path / name).write_bytes(reply.body)
    check = ("pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", tmp_path / "Q8_0.json",
             "-sigfile", tmp_path / "Q8_0.json.sig")
    assert openssl(*check).returncode == 0
    (tmp_path / "Q8_0.json").write_bytes((tmp_path / "Q8_0.json").read_bytes() + b" ")
    assert openssl(*check).returncode != 0


def test_what_is_different_is_said(hub, published, tmp_path):
    repo, folder = published
    before = hub.get(f"/api/models/{repo}").json()["sha"]
    change(hub, repo, folder, "notes/small.txt", b"Words")
    assert "notes/small.txt: its SHA-256 is" in problem(hub, repo)
    change(hub, repo, folder, "tiny-Q8_0.gguf", WEIGHTS[:-1] + b"x")
    assert "tiny-Q8_0.gguf: its SHA-256 is" in problem(hub, repo)
    assert "tiny-Q8_0.gguf: its SHA-256 is" in problem(
        hub, f"{repo}@{before}", "--folder", str(folder))
    assert hub.cli("cert", "verify", f"{repo}@{before}")["ok"]
    change(hub, repo, folder, "tiny-Q8_0.gguf", WEIGHTS + b"x")
    assert "has 16385 bytes, not 16384" in problem(hub, repo)
    text = (folder / "certificates" / "Q8_0.json").read_bytes()
    change(hub, repo, folder, "certificates/Q8_0.json", text.replace(b'"pass"', b'"warn"'))
    assert "its signature is not that of ed25519:" in problem(hub, repo)
    assert "is of no certificate that holds" in problem(hub, repo)
    change(hub, repo, folder, "certificates/Q8_0.json", text.replace(b'"via"', b'"Via"'))
    assert 'no member "via"' in problem(hub, repo)
    assert "has no certificate of F16" in problem(hub, repo, "F16")


def test_another_key_does_not_do(hub, published, tmp_path):
    repo, _ = published
    private, public = tmp_path / "other.key", tmp_path / "other.pem"
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", private).returncode == 0
    assert openssl("pkey", "-in", private, "-pubout", "-out", public).returncode == 0
    assert "it is by another key" in problem(hub, repo, "--key", str(public))
    refused = waag(hub, "cert", "verify", repo, "--key", str(private))
    assert refused.returncode == 1 and "not an Ed25519 key" in refused.stderr


def test_the_key_stays(own_hub, tmp_path):
    with own_hub as hub:
        path = hub.data / "hub.key"
        assert not path.exists()
        reply = hub.get(KEY, token=None)
        assert reply.status == 200 and stat.S_IMODE(path.stat().st_mode) == 0o600
        made = openssl("pkey", "-in", path, "-pubout")
        assert made.returncode == 0 and made.stdout.encode() == reply.body
    secret = path.read_text()
    with own_hub as hub:
        assert hub.get(KEY, token=None).body == reply.body
    assert own_hub.offline("fsck").returncode == 0
    assert own_hub.offline("rebuild-index").returncode == 0
    for text, mode, why in ((secret[:60], 0o600, "is damaged"), (secret, 0o644, "chmod 600")):
        path.write_text(text)
        path.chmod(mode)
        with own_hub as hub:
            refused = hub.get(KEY, token=None)
            assert refused.status == 500 and b"hub.key" not in refused.body
        assert path.read_text() == text
        assert why in hub.log.read_text()
    path.chmod(0o600)
    with own_hub as hub:
        assert hub.get(KEY, token=None).body == reply.body
    assert secret.splitlines()[1] not in hub.log.read_text()
