"""What is kept for relaying between clients and operators; the keys are listed in `storage`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter
from redis.asyncio import Redis

from bot.domain.handoff import Post, Thread

#: Operators can take a message back for as long as Telegram lets a bot delete one.
PASSED_FOR = timedelta(hours=48)
#: What has to be looked at again is forgotten after this, should One-Link never tell.
LOOK_FOR = timedelta(days=2)

_POST: TypeAdapter[Post] = TypeAdapter(Annotated[Post, Field(discriminator="kind")])
_THREAD = TypeAdapter(Thread)

_CLAIM = """
for _, client in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 100)) do
  if redis.call('SET', 'relaying:{' .. client .. '}', ARGV[3], 'NX', 'PX', ARGV[4]) then
    redis.call('ZADD', KEYS[1], ARGV[2], client)
    return client
  end
end
return false
"""
_END = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
local due = redis.call('ZSCORE', KEYS[1], ARGV[2])
if due and tonumber(due) < tonumber(ARGV[3]) then return 1 end
if ARGV[4] == '' then redis.call('ZREM', KEYS[1], ARGV[2])
else redis.call('ZADD', KEYS[1], ARGV[4], ARGV[2]) end
return 1
"""


class RelayStorage:
    """Posts in order, conversations and how far they were read, and whose turn it is to relay."""

    def __init__(self, redis: "Redis", holder: str) -> None:
        self.redis = redis
        self.stirred = asyncio.Event()  # there may be something to relay; set by this process
        self._holder = holder
        self._claim = redis.register_script(_CLAIM)
        self._end = redis.register_script(_END)

    async def claim(self, now: datetime, lease: timedelta) -> int | None:
        """One client whose conversation is due, kept from other processes for the time of the lease."""
        score = (now + lease).timestamp()
        found = await self._claim(["relays"], [now.timestamp(), score, self._holder, _ms(lease)])
        return int(found) if found is not None else None

    async def end(self, client_id: int, claimed_at: datetime, lease: timedelta, due: datetime | None) -> None:
        """Leave the client to others; due again then (None: when something happens), or at once if
        something has happened meanwhile."""
        score = (claimed_at + lease).timestamp()
        keys = ["relays", f"relaying:{{{client_id}}}"]
        await self._end(keys, [self._holder, client_id, score, due.timestamp() if due else ""])

    async def renew(self, client_id: int, lease: timedelta) -> None:
        """This process is still at it."""
        await self.redis.pexpire(f"relaying:{{{client_id}}}", _ms(lease))

    async def ring(self, client_id: int) -> None:
        """Something has happened in the client's conversation."""
        await self.redis.zadd("relays", {str(client_id): 0}, lt=True)
        self.stirred.set()

    async def look_later(self, client_id: int, message_id: int, why: str) -> None:
        """Look at this message again, whenever the conversation is looked at next."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hset(f"looks:{{{client_id}}}", str(message_id), why)
            pipe.pexpire(f"looks:{{{client_id}}}", _ms(LOOK_FOR))
            await pipe.execute()

    async def post(self, client_id: int) -> Post | None:
        """The oldest post that One-Link does not have yet."""
        found = await cast(Any, self.redis.lindex(f"outbox:{{{client_id}}}", 0))
        return _POST.validate_json(found) if found else None

    async def drop_post(self, client_id: int) -> None:
        """One-Link has the oldest post."""
        await cast(Any, self.redis.lpop(f"outbox:{{{client_id}}}"))

    async def thread(self, client_id: int) -> Thread | None:
        """The client's conversation."""
        found = await self.redis.get(f"thread:{{{client_id}}}")
        return _THREAD.validate_json(found) if found else None

    async def save_thread(
        self, client_id: int, thread: Thread, passed: tuple[int, Sequence[int]] | None = None
    ) -> None:
        """Keep it; `passed`: a message of One-Link, and the messages in Telegram that show it."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.set(f"thread:{{{client_id}}}", _THREAD.dump_json(thread))
            pipe.hset("threads", str(thread.conversation_id), str(client_id))
            if passed is not None:
                key = f"passed:{{{client_id}}}"
                pipe.hset(key, str(passed[0]), ",".join(map(str, passed[1])))
                pipe.pexpire(key, _ms(PASSED_FOR))
            await pipe.execute()

    async def client_of(self, conversation_id: int) -> int | None:
        """Whose conversation it is, by its display id."""
        found = await cast(Any, self.redis.hget("threads", str(conversation_id)))
        return int(found) if found else None

    async def looks(self, client_id: int) -> dict[int, str]:
        """Messages that have to be looked at again, and why."""
        found = await cast(Any, self.redis.hgetall(f"looks:{{{client_id}}}"))
        return {int(number): why.decode() for number, why in sorted(found.items())}

    async def looked(self, client_id: int, message_id: int) -> None:
        """That message was looked at."""
        await cast(Any, self.redis.hdel(f"looks:{{{client_id}}}", str(message_id)))

    async def passed(self, client_id: int, message_id: int) -> tuple[int, ...]:
        """The messages in Telegram that show this one of One-Link."""
        found = await cast(Any, self.redis.hget(f"passed:{{{client_id}}}", str(message_id)))
        return tuple(int(number) for number in found.split(b",") if number) if found else ()


def _ms(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
