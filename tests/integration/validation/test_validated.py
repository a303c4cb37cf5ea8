"""What the hub converts is validated before it is served."""

import json
import pathlib
import subprocess
import time

import pytest
import tiny_models
from client import Client
from damaging_converter import write_damaging_converter
from gguf_file import Gguf
from hub import binary
from jobs import JOB_S, ended

TARGETS = "gguf:Q8_0,gguf:Q4_K_M"


@pytest.fixture(scope="module")
def uploaded(hub, owner, homes, tiny):
    client = Client("hub-new", hub.endpoint, owner, homes / "validated")
    repo = "acme/tiny-validated"
    client.call("create_repo", repo_id=repo)
    client.call("upload_folder", repo_id=repo, folder_path=str(tiny("llama3")))
    return client, repo


def validated(hub, token: str, repo: str, targets: str) -> dict:
    job = hub.cli("convert", repo, "--to", targets, "--validate", "--detach", token=token)
    return ended(hub, job["id"])


def main_of(hub, repo: str) -> str:
    return hub.get(f"/api/models/{repo}").json()["sha"]


def waag(hub, token: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([binary("waag"), "--endpoint", hub.endpoint, "--token", token,
                           *arguments], capture_output=True, text=True, timeout=JOB_S)


def test_a_certificate_comes_with_it_and_can_be_verified(hub, owner, uploaded, tmp_path):
    client, repo = uploaded
    done = validated(hub, owner, repo, TARGETS)
    assert done["state"] == "done", done
    verdicts = {each["target"]: each for each in done["result"]["validation"]}
    assert set(verdicts) == set(TARGETS.split(","))
    # A random model knows no text: at most a warning, and for that reason.
    assert all(each["verdict"] in ("pass", "warn") for each in verdicts.values())
    folder = pathlib.Path(client.call("snapshot_download", repo_id=f"{repo}-GGUF"))
    card = (folder / "README.md").read_text()
    (tmp_path / "hub.pem").write_bytes(hub.get("/api/waag/v1/key", token=None).body)
    for target, told in verdicts.items():
        path = folder / told["certificate"]
        made = json.loads(path.read_text())
        assert made["output"]["target"] == target
        assert made["gates"]["verdict"] == told["verdict"]
        assert made["evaluation"]["kld_mean"] == pytest.approx(told["kld_mean"])
        gguf = Gguf(folder / made["output"]["files"][0]["path"])
        assert [each["name"] for each in made["tensors"]] == list(gguf.tensors)
        assert f"| {target} | {told['verdict']} |" in card
        checked = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "hub.pem", "-rawin",
             "-in", path.resolve(), "-sigfile", f"{path}.sig"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        verified = waag(hub, owner, "cert", "verify", f"{repo}-GGUF", target.split(":")[1])
        assert verified.returncode == 0, verified.stdout + verified.stderr
    shown = waag(hub, owner, "jobs", "show", str(done["id"]))
    assert "MEAN KLD" in shown.stdout and "gguf:Q4_K_M" in shown.stdout
    # The same again brings nothing new.
    before = main_of(hub, f"{repo}-GGUF")
    assert validated(hub, owner, repo, TARGETS)["state"] == "done"
    assert main_of(hub, f"{repo}-GGUF") == before


def test_what_was_damaged_is_not_published(own_hub, tiny, tmp_path):
    own_hub.start()
    token = own_hub.user("ada")
    client = Client("hub-new", own_hub.endpoint, token, tmp_path / "home")
    client.call("create_repo", repo_id="ada/m")
    client.call("upload_folder", repo_id="ada/m", folder_path=str(tiny("llama3")))
    plain = own_hub.cli("convert", "ada/m", "--to", "gguf:Q8_0", "--detach", token=token)
    assert ended(own_hub, plain["id"])["state"] == "done"
    before = main_of(own_hub, "ada/m-GGUF")
    whole = own_hub.get("/ada/m-GGUF/resolve/main/m-Q8_0.gguf").body
    (tmp_path / "m.gguf").write_bytes(whole)
    tensors = Gguf(tmp_path / "m.gguf").tensors
    up, gate = tensors["blk.1.ffn_up.weight"][2], tensors["blk.1.ffn_gate.weight"][2]
    own_hub.stop()
    own_hub.settings["convert.program"] = write_damaging_converter(
        tmp_path / "damaging", "Q8_0", {whole.index(up): gate, whole.index(gate): up})
    own_hub.start()
    failed = validated(own_hub, token, "ada/m", "gguf:Q8_0")
    assert failed["state"] == "failed" and failed["attempts"] == 1
    assert "gguf:Q8_0 lost too much and is not published" in failed["error"]
    assert "blk.1.ffn_gate.weight" in failed["error"], failed["error"]
    assert main_of(own_hub, "ada/m-GGUF") == before
    # Others are published all the same.
    failed = validated(own_hub, token, "ada/m", TARGETS)
    assert failed["state"] == "failed"
    client = client.at(endpoint=own_hub.endpoint)
    files = client.call("list_repo_files", repo_id="ada/m-GGUF")
    assert "m-Q4_K_M.gguf" in files and "certificates/Q4_K_M.json" in files
    assert "certificates/Q8_0.json" not in files
    assert own_hub.get("/ada/m-GGUF/resolve/main/m-Q8_0.gguf").body == whole


def test_killed_in_the_middle_of_its_validation_it_goes_on(own_hub, tmp_path):
    # Long enough to be killed in, short enough for a machine that does other work.
    own_hub.settings |= {
        "convert.threads": 1, "convert.validate": "true", "convert.validate_chunks": 4}
    own_hub.start()
    token = own_hub.user("ada")
    tiny_models.write_model(tmp_path / "m", "qwen2", layers=12, tied=False)
    client = Client("hub-new", own_hub.endpoint, token, tmp_path / "home")
    client.call("create_repo", repo_id="ada/m")
    client.call("upload_folder", repo_id="ada/m", folder_path=str(tmp_path / "m"))
    job = own_hub.cli("convert", "ada/m", "--to", "gguf:Q8_0", "--detach", token=token)["id"]
    until, note = time.monotonic() + JOB_S, ""
    while " block " not in note:
        assert time.monotonic() < until
        shown = own_hub.get(f"/api/waag/v1/jobs/{job}").json()
        assert shown["state"] in ("queued", "running"), shown
        note = shown["progress"].get("note", "")
    own_hub.kill()
    (made,) = (own_hub.data / "convert").glob("*/made")
    assert made.stat().st_size > 0
    own_hub.start()
    done = ended(own_hub, job)
    assert done["state"] == "done", done
    client = client.at(endpoint=own_hub.endpoint)
    files = client.call("list_repo_files", repo_id="ada/m-GGUF")
    assert {"m-Q8_0.gguf", "certificates/Q8_0.json", "certificates/Q8_0.json.sig"} <= set(files)
    assert own_hub.stop() == 0
    assert not any((own_hub.data / "convert").iterdir())
