"""A private certificate authority, and what it signs, by the openssl command."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


class Authority:
    """A CA in a folder of its own; its files are `ca.pem`, and `NAME.pem` with `NAME.key`."""

    def __init__(self, folder: Path) -> None:
        """Make the CA."""
        if shutil.which("openssl") is None:
            pytest.skip("the openssl command is missing")
        folder.mkdir()
        self.folder = folder
        self._run("req", "-x509", "-nodes", *_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")

    def server_context(self, subject: str = "IP:127.0.0.1") -> ssl.SSLContext:
        """Make what a server of this CA speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sign("server", subject))
        return context

    def sign(self, name: str, subject: str = "IP:127.0.0.1") -> tuple[Path, Path]:
        """Make a key and a certificate; give their paths.

        Args:
            name: of the files.
            subject: the subjectAltName.
        """
        self._run("req", "-nodes", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={subject}\n", encoding="utf-8")
        signed_by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext"]
        self._run("x509", "-req", "-in", f"{name}.csr", *signed_by, "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    @property
    def ca(self) -> Path:
        """The CA's own certificate."""
        return self.folder / "ca.pem"

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
