"""Certificates for tests, made by the openssl program."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENSSL = shutil.which("openssl")


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate authority, and a server's certificate that it signed."""

    authority: Path
    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the server's certificate."""
        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text().strip())
        return hashlib.sha256(der).hexdigest()


def make(folder: Path, *, names: str = "IP:127.0.0.1,DNS:localhost", days: int = 2) -> Certificates:
    """Make an authority and a certificate for these names."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, key = folder / "ca.pem", folder / "ca.key"
    new = ["req", "-newkey", "rsa:2048", "-nodes", "-sha256"]
    run(*new, "-x509", "-days", "2", "-subj", "/CN=test authority", "-keyout", key, "-out", authority)
    request, own = folder / "server.csr", folder / "server.key"
    run(*new, "-subj", "/CN=test server", "-keyout", own, "-out", request)
    (folder / "names").write_text(f"subjectAltName={names}\n")
    signed = folder / "server.pem"
    signing: list[str | Path] = [
        "-CA",
        authority,
        "-CAkey",
        key,
        "-CAcreateserial",
        "-days",
        str(days),
        "-extfile",
        folder / "names",
    ]
    run("x509", "-req", "-in", request, "-sha256", *signing, "-out", signed)
    return Certificates(authority, signed, own)


def run(*arguments: str | Path) -> None:
    """Run openssl."""
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *map(str, arguments)], check=True, capture_output=True)
