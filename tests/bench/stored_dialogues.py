"""Many clients who have stopped in the middle: copies in Redis of one who really has."""

from typing import Any, cast

from redis.asyncio import Redis

#: Clients written in one trip.
AT_ONCE = 1000


async def store_copies(redis_url: str, client_id: int, first_copy: int, copies: int) -> None:
    """This client's draft and what else is remembered, under so many other numbers as long as this one.

    Nothing else in Redis is touched. AssertionError if the client has no draft.
    """
    async with Redis.from_url(redis_url) as redis:
        turn, client = f"turn:{{{client_id}}}", f"client:{{{client_id}}}"
        draft, lifetime_ms = await cast(Any, redis.hgetall(turn)), await redis.pttl(turn)
        remembered = await redis.get(client)
        assert draft, "there is nothing to copy"
        name = b"%d" % client_id
        for first in range(first_copy, first_copy + copies, AT_ONCE):
            async with redis.pipeline(transaction=False) as pipe:
                for number in range(first, min(first + AT_ONCE, first_copy + copies)):
                    other = b"%d" % number
                    fields = {field: text.replace(name, other) for field, text in draft.items()}
                    pipe.hset(f"turn:{{{number}}}", mapping=fields)
                    pipe.pexpire(f"turn:{{{number}}}", lifetime_ms)
                    if remembered is not None:
                        pipe.set(f"client:{{{number}}}", remembered.replace(name, other))
                await pipe.execute()
