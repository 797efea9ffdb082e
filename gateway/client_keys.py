"""The gateway's own key and certificate: made here by the openssl program, kept together in one file, mode 0600.

The key never leaves the card. One file holds both, and is put in place whole, so that no power cut parts them.
"""

import os
import ssl
import subprocess
from pathlib import Path

from gateway.durable import write_durably, write_secret
from sync.certificate import serial_of
from sync.errors import KeyUnusable

FILE_NAME = "client.pem"
NEW_KEY = "client.key.new"
OPENSSL_SECONDS_MAX = 60.0


class ClientKeys:
    """Fits `sync.renewal.Keys`. One thread asks."""

    def __init__(self, folder: Path, gateway_name: str, program: str = "openssl") -> None:
        self.path = folder / FILE_NAME
        self._key = folder / NEW_KEY
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
        try:
            self.forget()
            return self.request_again()
        except OSError as error:
            raise KeyUnusable(f"a key cannot be kept: {error}") from error

    def request_again(self) -> str:
        """The same over the key of the last request, where it is still there: whoever did not hear the answer asks as
        the same one. Raises KeyUnusable, and OSError where the card keeps no key."""
        if self._key.is_file():
            try:
                return self._signed()
            except KeyUnusable:
                # Half a key, or somebody else's: with another one at least a fresh code works.
                self.forget()
        # Written by us and not by openssl, so that it is flushed, and a full card is told from a missing program.
        write_secret(self._key, self._said("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
        return self._signed()

    def _signed(self) -> str:
        about = ("-config", os.devnull, "-subj", f"/CN={self._name}")
        return self._said("req", "-new", "-sha256", *about, "-key", str(self._key))

    def _said(self, *words: str) -> str:
        try:
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
        try:
            self.put(certificate)
            self.forget()
        except OSError as error:
            raise KeyUnusable(f"the certificate cannot be kept: {error}") from error

    def put(self, certificate: str, reserved: bool = False) -> None:
        """The same; the key of the request stays as well, for another try. Raises KeyUnusable, and OSError where the
        card does not keep it. `reserved`: see `reserve`."""
        check = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain
        try:
            both = (self._key.read_text() + certificate).encode()
            write_durably(self.path, both, 0o600, check=check, reserved=reserved)
        except ssl.SSLError as error:
            raise KeyUnusable(f"the certificate cannot be kept: {error}") from error

    def forget(self) -> None:
        """The next request is over another key. Raises OSError."""
        self._key.unlink(missing_ok=True)
