"""The start-up check of the zone data."""

import importlib.resources
import zoneinfo
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.zones import ZoneDataOutdated, assert_zone_data


@pytest.fixture
def old_zone_data(tmp_path: Path) -> Iterator[None]:
    """A system whose Almaty is still at +06:00, as Dhaka is."""
    dhaka = importlib.resources.files("tzdata").joinpath("zoneinfo", "Asia", "Dhaka").read_bytes()
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia" / "Almaty").write_bytes(dhaka)
    zoneinfo.reset_tzpath([str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


def test_todays_zone_data_are_accepted() -> None:
    assert_zone_data()


@pytest.mark.usefixtures("old_zone_data")
def test_zone_data_from_before_2024_are_refused_with_the_facts() -> None:
    with pytest.raises(ZoneDataOutdated, match="Asia/Almaty") as refusal:
        assert_zone_data()

    assert (refusal.value.found, refusal.value.expected) == (timedelta(hours=6), timedelta(hours=5))
