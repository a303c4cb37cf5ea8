"""A private CA and one certificate signed by it, for hubs that speak TLS on loopback."""

import pathlib
import ssl
import subprocess
from dataclasses import dataclass

DAYS = "2"
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


@dataclass(frozen=True)
class Certificate:
    key: pathlib.Path
    chain: pathlib.Path
    authority: pathlib.Path

    @property
    def settings(self) -> dict:
        """What waagd is told of it."""
        return {"server.tls_certificate": self.chain, "server.tls_key": self.key}

    def context(self) -> ssl.SSLContext:
        """Trusts this CA and no other."""
        return ssl.create_default_context(cafile=str(self.authority))


def make(folder, *names: str, addresses: tuple[str, ...] = ("127.0.0.1",)) -> Certificate:
    """Writes the CA and a certificate for `addresses` and `names` (host names) into `folder`.

    Two certificates, not one that is its own CA: rustls refuses a CA as a server's certificate.
    """
    folder = pathlib.Path(folder)
    authority, authority_key = folder / "ca.pem", folder / "ca.key"
    chain, key = folder / "server.pem", folder / "server.key"
    _openssl(*NEW_KEY, "-keyout", authority_key, "-out", authority, "-subj", "/CN=waag test CA")
    alternatives = ",".join(
        [*(f"IP:{one}" for one in addresses), *(f"DNS:{name}" for name in names)])
    _openssl(
        *NEW_KEY, "-keyout", key, "-out", chain, "-subj", "/CN=waag test",
        "-CA", authority, "-CAkey", authority_key,
        "-addext", f"subjectAltName={alternatives}",
        "-addext", "basicConstraints=critical,CA:FALSE",
    )
    return Certificate(key, chain, authority)


def _openssl(*arguments) -> None:
    command = ["openssl", "req", "-x509", "-days", DAYS, *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
