"""Everything is on loopback here: reading the certificates of the world takes longer than a dialogue."""

import atexit
import os
import tempfile
from pathlib import Path

import certifi

_END = "-----END CERTIFICATE-----\n"


def trust_only_one() -> None:
    """Make libraries that trust `certifi`'s authorities read one of them, in this process and its forks."""
    first = Path(certifi.where()).read_text(encoding="utf-8").partition(_END)[0] + _END
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem", delete=False) as file:
        file.write(first)
    atexit.register(Path(file.name).unlink, missing_ok=True)
    certifi.where = lambda: file.name
    os.environ.pop("SSL_CERT_FILE", None)  # httpx reads that one instead, where it is set
