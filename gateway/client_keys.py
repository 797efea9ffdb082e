"""The gateway's own key and certificate: made here by the openssl program, kept together in one file, mode 0600.

The key never leaves the card. One file holds both, and is put in place whole, so that no power cut parts them.
"""

import os
import ssl
import subprocess
from pathlib import Path

from gateway.durable import write_durably
from sync.certificate import serial_of
from sync.errors import KeyUnusable

FILE_NAME = "client.pem"
NEW_KEY = "client.key.new"
OPENSSL_SECONDS_MAX = 60.0


class ClientKeys:
    """Fits `sync.renewal.Keys`. One thread asks."""

    def __init__(self, folder: Path, gateway_name: str, program: str = "openssl") -> None:
        self.path = folder / FILE_NAME
        self._folder = folder
        self._name = gateway_name
        self._program = program

    def serial(self) -> str:
        """See Keys. A file that cannot be read counts as none, so another certificate is fetched."""
        try:
            text = self.path.read_text()
            begin = text.index("-----BEGIN CERTIFICATE-----")
            return serial_of(ssl.PEM_cert_to_DER_cert(text[begin:].strip()))
        except (OSError, ValueError):
            return ""

    def request(self) -> str:
        """See Keys."""
        key = self._folder / NEW_KEY
        words = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"]
        words += ["-config", os.devnull, "-subj", f"/CN={self._name}", "-keyout", str(key)]
        try:
            key.unlink(missing_ok=True)
            made = subprocess.run(
                [self._program, *words], capture_output=True, text=True, timeout=OPENSSL_SECONDS_MAX, umask=0o077
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KeyUnusable(f"{self._program}: {error}") from error
        if made.returncode:
            raise KeyUnusable(f"{self._program} made no key: {made.stderr.strip()[-200:]}")
        return made.stdout

    def keep(self, certificate: str) -> None:
        """See Keys. Raises KeyUnusable for a certificate that is not of the key."""
        key = self._folder / NEW_KEY
        try:
            both = (key.read_text() + certificate).encode()
            write_durably(self.path, both, 0o600, check=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain)
            key.unlink()
        except (OSError, ssl.SSLError) as error:
            raise KeyUnusable(f"the certificate cannot be kept: {error}") from error
