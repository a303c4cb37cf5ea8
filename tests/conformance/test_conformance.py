"""The judge of the conformance run must not let a failure pass, and its proxy nothing out."""

import pathlib
import socket
import ssl
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]

import certificate  # noqa: E402
import report  # noqa: E402
import seed  # noqa: E402
import skips  # noqa: E402
from connect_proxy import ConnectProxy  # noqa: E402

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.test_a.TestA" name="test_good"><properties>
  <property name="spoke" value="1"/></properties></testcase>
<testcase classname="tests.test_a.TestA" name="test_bad"><failure message="wrong&#10;more"/>
  </testcase>
<testcase classname="tests.test_a.TestA" name="test_torn"></testcase>
<testcase classname="tests.test_a.TestA" name="test_torn"><error message="tear-down"/></testcase>
<testcase classname="tests.test_b" name="test_ours"><skipped message="left out: buckets"/>
  </testcase>
<testcase classname="tests.test_b" name="test_theirs"><skipped message="no torch"/></testcase>
<testcase classname="" name="tests.test_c"><error message="collection failure"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def results(tmp_path):
    file = tmp_path / "junit.xml"
    file.write_text(JUNIT)
    return report.read(file)


def test_every_kind_of_failure_fails_the_run(results):
    assert {result.name: result.reason for result in report.failed(results)} == {
        "test_bad": "wrong", "test_torn": "tear-down", "tests.test_c": "collection failure",
    }
    assert [result.name for result in results if result.spoke] == ["test_good"]


def test_document_counts_names_and_reasons(results, tmp_path):
    document = tmp_path / "CONFORMANCE.md"
    report.write(document, "1.9.0", results)
    text = document.read_text()
    assert "| test_a.py TestA | 1 | 2 | 0 |" in text
    assert "| test_c.py | 0 | 1 | 0 |" in text
    assert "| classes that send nothing to a hub | 0 | 0 | 2 |" in text
    assert "| all | 1 | 3 | 2 |" in text
    assert "- test_a.py TestA: `test_bad`, `test_torn`" in text
    assert "| buckets | 1 | test_b.py |" in text
    assert "| the suite's own: no torch | 1 | test_b.py |" in text


def test_document_keeps_other_versions(results, tmp_path):
    document = tmp_path / "CONFORMANCE.md"
    for client in ("1.9.0", "0.36.2", "1.28.0", "1.9.0"):
        report.write(document, client, results)
    heads = [line for line in document.read_text().splitlines() if line.startswith("## ")]
    assert heads == [f"## huggingface_hub {name}" for name in ("1.28.0", "1.9.0", "0.36.2")]
    once = document.read_text()
    report.write(document, "1.28.0", results)
    assert document.read_text() == once


def test_only_listed_tests_are_left_out():
    assert skips.reason("tests/test_buckets.py::test_create", False, True) == skips.BUCKETS
    assert skips.reason("tests/test_hf_api.py::TestWebhookApi::test_x", False, True) == "webhooks"
    assert skips.reason("tests/test_hf_api.py::TestCommitApi::test_x", False, False) is None
    assert skips.reason("tests/test_x.py::test_x", True, False) == skips.PRODUCTION
    assert skips.reason("tests/test_xet_upload.py::TestXet::test_x", False, True) is None
    assert "Xet" in skips.reason("tests/test_xet_upload.py::TestXet::test_x", False, False)


def test_constants_are_read_without_running_them(tmp_path):
    (tmp_path / "tests").mkdir()
    source = 'USER = "__ada__"\nURL = USER + "/x"\nraise SystemExit(1)\n'
    (tmp_path / "tests" / "testing_constants.py").write_text(source)
    assert seed.constants(tmp_path) == {"USER": "__ada__"}


def serve_once(listener, context):
    """Answers one TLS client with what it sent, in capitals."""
    link, _ = listener.accept()
    with link, context.wrap_socket(link, server_side=True) as secure:
        secure.sendall(secure.recv(100).upper())


def connect(proxy, target):
    link = socket.create_connection(("127.0.0.1", int(proxy.url.rsplit(":", 1)[1])), timeout=20)
    link.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += link.recv(1)
    return link, head.split(b" ")[1]


def test_proxy_leads_known_names_on_and_refuses_others(tmp_path):
    made = certificate.make(tmp_path, "hub.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.chain, made.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        server = threading.Thread(target=serve_once, args=(listener, context), daemon=True)
        server.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with ConnectProxy({"hub.example:443": address}) as proxy:
            for target in ("example.org:443", "hub.example:80", address):
                link, status = connect(proxy, target)
                link.close()
                assert status == b"403"
            link, status = connect(proxy, "hub.example:443")
            assert status == b"200"
            with link, made.context().wrap_socket(link, server_hostname="hub.example") as secure:
                secure.sendall(b"hello")
                assert secure.recv(100) == b"HELLO"
            server.join(20)


def test_proxy_stops_quietly_with_connections_open(caplog):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with ConnectProxy({"hub:443": f"127.0.0.1:{listener.getsockname()[1]}"}) as proxy:
            link, status = connect(proxy, "hub:443")
            assert status == b"200"
        assert link.recv(1) == b""
        link.close()
    assert caplog.text == ""
