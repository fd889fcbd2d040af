"""The name under which the inbox knows a client."""

from bot.onelink.source_id import source_id_for


def test_a_client_always_has_the_same_name() -> None:
    assert source_id_for("key", 7123456789) == source_id_for("key", 7123456789)


def test_the_name_has_the_agreed_shape() -> None:
    name = source_id_for("key", 7123456789)
    assert name.startswith("tg_")
    assert len(name) == 43
    assert set(name[3:]) <= set("0123456789abcdef")


def test_the_name_tells_nothing_without_the_key() -> None:
    assert source_id_for("key", 1) != source_id_for("another key", 1)
    assert source_id_for("key", 1) != source_id_for("key", 2)
    assert "7123456789" not in source_id_for("key", 7123456789)
