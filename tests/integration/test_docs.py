"""Generated documents are what the program prints; the front doors answer."""

import subprocess

import pytest
from hub import ROOT, binary


@pytest.mark.parametrize(
    "option,document", [("--print-api", "docs/API.md"), ("--print-config-doc", "docs/CONFIG.md")]
)
def test_document_is_up_to_date(option, document):
    done = subprocess.run(
        [binary("waagd"), option], capture_output=True, text=True, timeout=30, check=True
    )
    expected = (ROOT / document).read_text()
    assert done.stdout == expected, f"build/release/bin/waagd {option} > {document}"


def test_config_names_every_value_and_origin(tmp_path):
    done = subprocess.run(
        [binary("waagd"), "--print-config", "--data", tmp_path, "--listen", "127.0.0.1:0"],
        capture_output=True, text=True, timeout=30, check=True,
    )
    assert "[server]" in done.stdout and str(tmp_path) in done.stdout


def test_public_address_needs_a_decision(tmp_path):
    done = subprocess.run(
        [binary("waagd"), "--data", tmp_path, "--listen", "0.0.0.0:0"],
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode != 0
    assert "--insecure" in done.stderr


def test_health_and_metrics(hub):
    for path in ("/healthz", "/readyz"):
        assert hub.get(path, token=None).status == 200
    metrics = hub.get("/metrics", token=None)
    assert metrics.status == 200
    text = metrics.body.decode()
    assert text.rstrip().endswith("# EOF")
    assert "waag_" in text


def test_no_token_in_the_log(hub, owner):
    hub.get("/api/whoami-v2", token=owner)
    hub.get("/api/whoami-v2", token="hf_" + "z" * 60)
    log = hub.log.read_text()
    assert log
    assert owner not in log and hub.token not in log and "z" * 60 not in log
