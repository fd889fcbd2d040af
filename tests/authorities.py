"""Everything is on loopback here: reading the certificates of the world takes longer than a dialogue."""

import tempfile
from pathlib import Path

import certifi

_END = "-----END CERTIFICATE-----\n"


def trust_only_one() -> None:
    """Make libraries that trust `certifi`'s authorities read one of them, in this process and its forks."""
    first = Path(certifi.where()).read_text(encoding="ascii").partition(_END)[0] + _END
    with tempfile.NamedTemporaryFile("w", prefix="authority-", suffix=".pem", delete=False) as file:
        file.write(first)
    certifi.where = lambda: file.name
