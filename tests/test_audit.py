"""What `make audit` makes of pip-audit's report."""

from typing import Any

import pytest

from tests.audit import findings, installed, told

SOUND: Any = {"name": "httpx", "version": "0.28.1", "vulns": []}
WEAK: Any = {
    "name": "aiohttp",
    "version": "3.0",
    "vulns": [{"id": "PYSEC-2024-24", "fix_versions": ["3.9.2"], "aliases": [], "description": "…"}],
}
UNKNOWN: Any = {"name": "redis", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def test_a_weakness_is_named_with_the_version_that_mends_it_and_fails() -> None:
    report = {"dependencies": [SOUND, WEAK]}
    assert findings(report) == (2, ["aiohttp 3.0: PYSEC-2024-24, mended in 3.9.2"])
    assert told(report) == 1


def test_no_weakness_passes() -> None:
    assert told({"dependencies": [SOUND, UNKNOWN]}) == 0


@pytest.mark.parametrize("report", [None, {"dependencies": [UNKNOWN]}])
def test_a_data_base_that_does_not_answer_istold_and_passes(
    report: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(report) == 0
    assert "nothing was audited" in capsys.readouterr().out


def test_what_runs_the_bot_is_audited_and_what_made_the_environment_is_not() -> None:
    names = {line.partition("==")[0] for line in installed()}
    assert {"aiogram", "httpx", "redis", "pydantic"} <= names
    assert not names & {"pip", "setuptools", "booking-bot"}
