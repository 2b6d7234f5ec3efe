"""Speaking to Kafka by TLS, with a certificate that says who we are."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Tls:
    """A folder with `ca.crt`, whom to believe, and `tls.crt` with `tls.key`, who we are; all PEM."""

    folder: Path

    def __post_init__(self) -> None:
        """A file that is missing is named at start. Raises `FileNotFoundError`."""
        for name in ("ca.crt", "tls.crt", "tls.key"):
            if not (self.folder / name).exists():
                raise FileNotFoundError(f"{self.folder / name} is missing: mount the certificates for Kafka")

    def context(self) -> ssl.SSLContext:
        """The files as Python wants them; read anew each time, for certificates are renewed."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        context.load_cert_chain(self.folder / "tls.crt", self.folder / "tls.key")
        return context

    def for_aiokafka(self) -> dict[str, Any]:
        """Arguments of its clients."""
        return {"security_protocol": "SSL", "ssl_context": self.context()}

    def for_librdkafka(self) -> dict[str, Any]:
        """Settings of its clients."""
        return {
            "security.protocol": "ssl",
            "ssl.ca.location": str(self.folder / "ca.crt"),
            "ssl.certificate.location": str(self.folder / "tls.crt"),
            "ssl.key.location": str(self.folder / "tls.key"),
        }
