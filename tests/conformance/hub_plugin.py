"""A pytest plugin that runs inside huggingface_hub's own test process (`-p hub_plugin`).

It leads the names of the real hubs to ours, gives the suite our tokens, marks what is left out and
why, and notes for each test whether it sent anything to the hub. The suite and the client stay as
they are; no other host can be reached.
"""

import importlib
import json
import logging
import os
import socket
import ssl

import pytest
import skips

SETTINGS = json.loads(os.environ["CONFORMANCE"])
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_writes = 0
_writes_before = pytest.StashKey[int]()


def _lead_to_hub() -> None:
    """The names of the hubs become loopback, and its port 443 our hub's; other names are unknown.

    So requests and httpx, in both its forms, think that they speak to the name they gave.
    """
    resolve, connect = socket.getaddrinfo, socket.socket.connect
    host, port = SETTINGS["address"].rsplit(":", 1)

    def getaddrinfo(name, *rest, **options):
        text = name.decode() if isinstance(name, bytes) else name
        if text in SETTINGS["hosts"]:
            return resolve(host, *rest, **options)
        if text is not None and text not in LOOPBACK:
            raise socket.gaierror(socket.EAI_NONAME, f"{text} is out of reach of this run")
        return resolve(name, *rest, **options)

    def connect_to(self, address):
        return connect(self, (host, int(port)) if address == (host, 443) else address)

    socket.getaddrinfo = getaddrinfo
    socket.socket.connect = connect_to


def _give_tokens() -> None:
    known = importlib.import_module("tests.testing_constants")
    for name, text in SETTINGS["tokens"].items():
        if not hasattr(known, name):
            raise pytest.UsageError(f"tests/testing_constants.py has no {name}")
        setattr(known, name, text)


def _mark_production() -> None:
    """Trees before 1.0 have a decorator where later ones have a mark; give both the mark."""
    utilities = importlib.import_module("tests.testing_utils")
    if hasattr(utilities, "with_production_testing"):
        utilities.with_production_testing = pytest.mark.production


def _count_writes() -> None:
    """Both requests and httpx write through SSLSocket.send; the tests' own small servers do not."""
    original = ssl.SSLSocket.send

    def send(self, *arguments):
        global _writes
        _writes += 1
        return original(self, *arguments)

    ssl.SSLSocket.send = send


def _is_production(item) -> bool:
    """Marked itself, or by its class, or (as unittest classes do it) by the class's set-up."""
    if item.get_closest_marker("production") is not None:
        return True
    set_ups = (getattr(item.cls, name, None) for name in ("setUp", "setUpClass"))
    marks = (mark for one in set_ups for mark in getattr(one, "pytestmark", ()))
    return any(mark.name == "production" for mark in marks)


def _restore_log_level() -> None:
    """As the client sets it when it is imported. Tests of commands (upload-large-folder, jobs)
    leave it at INFO, and those that count log lines then fail or not by what ran before them in
    the same worker."""
    logging.getLogger("huggingface_hub").setLevel(logging.WARNING)


def pytest_configure(config):
    config.addinivalue_line("markers", "production: reads live repositories")


def pytest_collection_modifyitems(items):
    for item in items:
        reason = skips.reason(item.nodeid, _is_production(item), SETTINGS["xet"])
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=skips.PREFIX + reason))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[_writes_before] = _writes
    _restore_log_level()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    if call.when == "teardown":
        spoke = _writes > item.stash.get(_writes_before, _writes)
        item.user_properties.append(("spoke", int(spoke)))


# Here and not in a hook: the suite's conftest.py takes the tokens by name when it is imported.
_lead_to_hub()
_give_tokens()
_mark_production()
_count_writes()
