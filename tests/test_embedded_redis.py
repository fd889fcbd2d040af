"""The Redis of our own: whose files and processes it touches."""

import shutil
from pathlib import Path
from stat import S_IMODE

import pytest
from redis.asyncio import Redis

from bot.embedded_redis import NoRedis, embedded_redis


async def answers(url: str) -> bool:
    redis = Redis.from_url(url)
    try:
        return bool(await redis.ping())
    finally:
        await redis.aclose()


async def test_its_files_are_for_this_user_alone(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path / "data") as url:
        redis = Redis.from_url(url)
        await redis.set("client", "a name")
        await redis.aclose()
        made = [tmp_path / "data", *(tmp_path / "data" / "appendonlydir").rglob("*")]
        assert len(made) > 1
        assert not [path for path in made if S_IMODE(path.stat().st_mode) & 0o077]


async def test_a_number_that_another_server_has_by_now_is_left_alone(tmp_path: Path) -> None:
    """As after a power cut, or in a copied directory."""
    async with embedded_redis(tmp_path / "another") as another:
        (tmp_path / "ours").mkdir()
        shutil.copy(tmp_path / "another" / "server.pid", tmp_path / "ours")
        async with embedded_redis(tmp_path / "ours") as ours:
            assert await answers(ours)
            assert await answers(another)


async def test_several_processes_may_share_a_directory(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as first:
        async with embedded_redis(tmp_path) as second:
            assert second == first
        assert await answers(first)


async def test_a_directory_that_cannot_be_made_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRedis, match="The embedded Redis needs DATA_DIR"):
        async with embedded_redis(tmp_path / "file" / "data"):
            pass
