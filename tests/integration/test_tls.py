"""TLS by the daemon itself: the same routes, verified by a stock client against a private CA."""

import hashlib
import json
import subprocess

import certificate
from hub import Hub


def curl(cert, *args) -> bytes:
    command = ["curl", "-sS", "--fail", "--max-time", "60", "--cacert", cert, *args]
    return subprocess.run(command, check=True, capture_output=True, timeout=90).stdout


def test_upload_and_download_over_tls(tmp_path):
    made = certificate.make(tmp_path)
    cert = made.authority
    content = bytes(range(256)) * 40_000  # about 10 MB: several TLS records and extents
    payload = tmp_path / "weights.bin"
    payload.write_bytes(content)
    oid = hashlib.sha256(content).hexdigest()
    with Hub(tmp_path / "data", certificate=made) as hub:
        base = hub.endpoint
        auth = ["-H", f"Authorization: Bearer {hub.token}"]
        assert curl(cert, f"{base}/healthz").strip() == b"ok"
        curl(cert, *auth, "-d", '{"name":"tls","organization":"acme"}', f"{base}/api/repos/create")
        batch = (
            '{"operation":"upload","transfers":["basic"],'
            f'"objects":[{{"oid":"{oid}","size":{len(content)}}}]}}'
        )
        reply = curl(cert, *auth, "-d", batch, f"{base}/acme/tls.git/info/lfs/objects/batch")
        href = json.loads(reply)["objects"][0]["actions"]["upload"]["href"]
        assert href.startswith(base)
        curl(cert, "-T", payload, href)
        lines = [
            {"key": "header", "value": {"summary": "weights", "description": ""}},
            {"key": "lfsFile",
             "value": {"path": "w.bin", "algo": "sha256", "oid": oid, "size": len(content)}},
        ]
        body = "\n".join(json.dumps(line) for line in lines)
        curl(cert, *auth, "-H", "Content-Type: application/x-ndjson", "--data-binary", body,
             f"{base}/api/models/acme/tls/commit/main")
        got = curl(cert, f"{base}/acme/tls/resolve/main/w.bin")
        assert hashlib.sha256(got).hexdigest() == oid
        part = curl(cert, "-r", "1000-1999", f"{base}/acme/tls/resolve/main/w.bin")
        assert part == content[1000:2000]
