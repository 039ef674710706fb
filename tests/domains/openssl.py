"""Certificates made by the openssl program, so that our reading of them is checked by somebody else's work."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="the openssl program is not installed")


def openssl(*words: str, folder: Path, text: str = "") -> str:
    assert OPENSSL is not None
    done = subprocess.run([OPENSSL, *words], cwd=folder, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Pair:
    """Paths of a certificate and its key."""

    cert: Path
    key: Path

    @property
    def pem(self) -> str:
        return self.cert.read_text()

    @property
    def key_pem(self) -> str:
        return self.key.read_text()


_SIGNS = "keyUsage=critical,keyCertSign,cRLSign"


class Authority:
    """A root, an intermediate below it, and whatever is signed with that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = self._self_signed("root", "/CN=Test Root", 3650, _SIGNS)
        self.intermediate = self._signed("intermediate", "/CN=Test Intermediate", self.root,
                                         "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")

    def leaf(self, name: str, *hosts: str, days: int = 60, begin: str = "", end: str = "",
             kind: str = "rsa:2048", usage: str = "serverAuth", signer: Pair | None = None,
             san: bool = True) -> Pair:
        """A certificate for hosts. ``begin`` and ``end``: openssl's -not_before and -not_after."""
        alternatives = ",".join(f"DNS:{host}" for host in hosts)
        extensions = f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\n"
        if san:
            extensions += f"subjectAltName={alternatives}\n"
        return self._signed(name, f"/CN={hosts[0][:60]}", signer or self.intermediate, extensions, days=days,
                            begin=begin, end=end, kind=kind)

    def self_signed(self, name: str, *hosts: str, days: int = 90) -> Pair:
        """A certificate that its own key has signed."""
        alternatives = ",".join(f"DNS:{host}" for host in hosts)
        return self._self_signed(name, f"/CN={hosts[0]}", days, "basicConstraints=CA:FALSE",
                                 "extendedKeyUsage=serverAuth", f"subjectAltName={alternatives}")

    def authority_named(self, name: str, subject: str) -> Pair:
        """Another root, with whatever name it likes."""
        return self._self_signed(name, subject, 365, _SIGNS)

    def chain(self, leaf: Pair, *, root: bool = False) -> str:
        return leaf.pem + self.intermediate.pem + (self.root.pem if root else "")

    def _key(self, name: str, kind: str) -> Path:
        key = self.folder / f"{name}.key"
        if kind.startswith("rsa:"):
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind[4:]}", "-out", str(key),
                    folder=self.folder)
        elif kind == "ed25519":
            openssl("genpkey", "-algorithm", "ED25519", "-out", str(key), folder=self.folder)
        else:
            openssl("ecparam", "-name", kind, "-genkey", "-noout", "-out", str(key), folder=self.folder)
        return key

    def _self_signed(self, name: str, subject: str, days: int, *extensions: str) -> Pair:
        key, cert = self._key(name, "rsa:2048"), self.folder / f"{name}.pem"
        openssl("req", "-x509", "-new", "-key", str(key), "-subj", subject, "-days", str(days), "-out", str(cert),
                *(word for each in extensions for word in ("-addext", each)), folder=self.folder)
        return Pair(cert, key)

    def _signed(self, name: str, subject: str, signer: Pair, extensions: str, *, days: int = 300,
                begin: str = "", end: str = "", kind: str = "rsa:2048") -> Pair:
        key = self._key(name, kind)
        request, cert, ext = (self.folder / f"{name}{suffix}" for suffix in (".csr", ".pem", ".ext"))
        openssl("req", "-new", "-key", str(key), "-subj", subject, "-out", str(request), folder=self.folder)
        ext.write_text(extensions)
        if begin or end:
            self._ca(request, cert, ext, signer, begin, end)
        else:
            openssl("x509", "-req", "-in", str(request), "-CA", str(signer.cert), "-CAkey", str(signer.key),
                    "-CAcreateserial", "-days", str(days), "-extfile", str(ext), "-out", str(cert),
                    folder=self.folder)
        return Pair(cert, key)

    def _ca(self, request: Path, cert: Path, ext: Path, signer: Pair, begin: str, end: str) -> None:
        """`openssl ca`: the way to set both dates that every version of the program knows."""
        place = self.folder / f"ca-{cert.stem}"
        place.mkdir()
        (place / "index.txt").write_text("")
        (place / "serial").write_text("1000\n")
        (place / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={place}/index.txt\nserial={place}/serial\nnew_certs_dir={place}\n"
            "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        openssl("ca", "-batch", "-config", str(place / "ca.cnf"), "-in", str(request), "-cert", str(signer.cert),
                "-keyfile", str(signer.key), "-startdate", begin, "-enddate", end, "-extfile", str(ext),
                "-notext", "-out", str(cert), folder=self.folder)
