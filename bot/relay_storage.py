"""What is kept for relaying between clients and operators; the keys are listed in `storage`."""

import asyncio
import itertools
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
#: No conversation is put off for so long: what is due later was put off before the clock was put back.
LONGEST_WAIT = timedelta(minutes=10)
#: Why to look again at a message that was passed on: that it has arrived is not reported yet.
PASSED = "passed"

POST: TypeAdapter[Post] = TypeAdapter(Annotated[Post, Field(discriminator="kind")])
_THREAD = TypeAdapter(Thread)

#: `ARGV[1]` holds the claim in `KEYS[1]`, or nobody does: then it is taken up again for `ARGV[2]` ms.
_HELD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
"""
# Where nobody holds it, the next write takes it up again: a renewal may arrive after the end.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if holder and holder ~= ARGV[1] then return 0 end
return 1
"""
_DROP = _HELD + "redis.call('LREM', KEYS[2], 1, ARGV[3]) return 1"
_SAVE = (
    _HELD
    + """
redis.call('HSET', KEYS[2], ARGV[4], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[4], ARGV[6], ARGV[7])
  redis.call('PEXPIRE', KEYS[4], ARGV[8])
  redis.call('HSETNX', KEYS[5], ARGV[4] .. '.' .. ARGV[6], ARGV[9])
  redis.call('PEXPIRE', KEYS[5], ARGV[10])
end
return 1
"""
)
_LOOKED = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
"""
#: A thousandth of a number is below every moment, for some decades of ringing.
_RING = """
return redis.call('ZADD', KEYS[1], 'LT', redis.call('INCR', KEYS[2]) / 1000, ARGV[1])
"""
_CLAIM = """
for _, due in ipairs({{'-inf', ARGV[1]}, {ARGV[5], '+inf'}}) do
  for _, client in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], due[1], due[2], 'LIMIT', 0, 100)) do
    if redis.call('SET', 'relaying:{' .. client .. '}', ARGV[3], 'NX', 'PX', ARGV[4]) then
      redis.call('ZADD', KEYS[1], ARGV[2], client)
      return client
    end
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
#: Whether nothing of the client's is on its way: then all of it is removed, in one go.
_FORGET = """
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('DEL', KEYS[3], KEYS[4], KEYS[5])
redis.call('ZREM', KEYS[6], ARGV[1])
local threads = redis.call('HGETALL', KEYS[7])
for i = 1, #threads, 2 do
  if threads[i + 1] == ARGV[1] then redis.call('HDEL', KEYS[7], threads[i]) end
end
return 1
"""


class ClaimLost(Exception):
    """Another hand relays for this client now: what this one still wanted to write was not written."""


class RelayStorage:
    """Posts in order, conversations and how far they were read, and whose turn it is to relay."""

    def __init__(self, redis: "Redis", holder: str) -> None:
        self.redis = redis
        self.stirred = asyncio.Event()  # there may be something to relay; set by this process
        self._holder = holder
        self._claims = itertools.count(1)
        self._claim = redis.register_script(_CLAIM)
        self._ring = redis.register_script(_RING)

    async def claim(self, now: datetime, lease: timedelta) -> "Claim | None":
        """One client whose conversation is due, kept from other hands for the time of the lease."""
        token = f"{self._holder}:{next(self._claims)}"
        score = (now + lease).timestamp()
        too_late = (now + LONGEST_WAIT).timestamp()
        found = await self._claim(["relays"], [now.timestamp(), score, token, _ms(lease), too_late])
        return Claim(self, int(found), token, score, lease) if found is not None else None

    async def ring(self, client_id: int) -> None:
        """Something has happened in the client's conversation."""
        await self._ring(["relays", "rings"], [client_id])
        self.stirred.set()

    async def look_later(self, client_id: int, conversation_id: int, message_id: int, why: str) -> None:
        """Look at this message again, whenever its conversation is looked at next."""
        key = f"looks:{{{client_id}}}"
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, f"{conversation_id}.{message_id}", why)
            pipe.pexpire(key, _ms(LOOK_FOR))
            await pipe.execute()

    async def threads(self, client_id: int) -> dict[int, Thread]:
        """The client's conversations by display id: one for each phone the client has booked with."""
        found = await cast(Any, self.redis.hgetall(f"thread:{{{client_id}}}"))
        return {int(number): _THREAD.validate_json(found[number]) for number in sorted(found, key=int)}

    async def thread(self, client_id: int, conversation_id: int) -> Thread | None:
        """One of them."""
        found = await cast(Any, self.redis.hget(f"thread:{{{client_id}}}", str(conversation_id)))
        return _THREAD.validate_json(found) if found else None

    async def client_of(self, conversation_id: int) -> int | None:
        """Whose conversation it is, by its display id."""
        found = await cast(Any, self.redis.hget("threads", str(conversation_id)))
        return int(found) if found else None

    async def forget_client(self, client_id: int) -> bool:
        """Remove the client's conversation and what hangs on it; repeat-safe.

        False, and nothing is removed, while a hand is at it or One-Link does not have every post yet.
        """
        names = ("relaying", "outbox", "thread", "looks", "passed")
        keys = [*(f"{name}:{{{client_id}}}" for name in names), "relays", "threads"]
        return bool(await cast(Any, self.redis.eval(_FORGET, len(keys), *keys, client_id)))

    async def looks(self, client_id: int, conversation_id: int) -> dict[int, str]:
        """Messages of this conversation that have to be looked at again, and why."""
        found = await cast(Any, self.redis.hgetall(f"looks:{{{client_id}}}"))
        places = {tuple(map(int, field.split(b"."))): why.decode() for field, why in found.items()}
        return {place[1]: why for place, why in sorted(places.items()) if place[0] == conversation_id}

    async def looked(self, client_id: int, conversation_id: int, message_id: int, why: str) -> None:
        """That message was looked at for this reason; another one that has come meanwhile stays."""
        field = f"{conversation_id}.{message_id}"
        await cast(Any, self.redis.eval(_LOOKED, 1, f"looks:{{{client_id}}}", field, why))

    async def passed(self, client_id: int, message_id: int) -> tuple[int, ...]:
        """The messages in Telegram that show this one of One-Link."""
        found = await cast(Any, self.redis.hget(f"passed:{{{client_id}}}", str(message_id)))
        return tuple(int(number) for number in found.split(b",") if number) if found else ()


class Claim:
    """One client's conversation in one hand; `tries`: how often in a row what comes next has failed.

    Nothing but this writes a thread or takes a post away, and only while no other hand has claimed the
    client: a hand that was silent for longer than its lease finds ClaimLost instead.
    """

    def __init__(
        self, relays: RelayStorage, client_id: int, token: str, due: float, lease: timedelta
    ) -> None:
        """`due`: where the client stands in `relays` unless something happens meanwhile."""
        self.client_id = client_id
        self.tries = 0
        self._relays = relays
        self._token = token
        self._due = due
        self._lease = _ms(lease)
        self._key = f"relaying:{{{client_id}}}"
        self._outbox = f"outbox:{{{client_id}}}"
        self._oldest = b""

    async def renew(self) -> None:
        """This hand is still at it."""
        await self._run(_RENEW, [self._key])

    async def post(self) -> Post | None:
        """The oldest post that One-Link does not have yet. ValueError if this version cannot read it."""
        found = await cast(Any, self._relays.redis.lindex(self._outbox, 0))
        self._oldest = found or b""
        return POST.validate_json(found) if found else None

    async def drop_post(self) -> None:
        """One-Link has what `post` found."""
        await self._run(_DROP, [self._key, self._outbox], self._oldest)

    async def save_thread(self, thread: Thread, passed: tuple[int, Sequence[int]] | None = None) -> None:
        """Keep it; `passed`: a message of One-Link, and the messages in Telegram that show it. That it has
        arrived is to be reported: see PASSED."""
        names = ("thread:{{{}}}", "threads", "passed:{{{}}}", "looks:{{{}}}")
        keys = [self._key, *(name.format(self.client_id) for name in names)]
        number, shown = (str(passed[0]), ",".join(map(str, passed[1]))) if passed else ("", "")
        await self._run(
            _SAVE,
            keys,
            _THREAD.dump_json(thread, exclude_defaults=True),
            str(thread.conversation_id),
            str(self.client_id),
            number,
            shown,
            _ms(PASSED_FOR),
            PASSED,
            _ms(LOOK_FOR),
        )

    async def end(self, due: datetime | None) -> None:
        """Leave the client to others; due again then (None: when something happens), or at once if
        something has happened meanwhile."""
        given = (self._token, self.client_id, self._due, due.timestamp() if due else "")
        await cast(Any, self._relays.redis.eval(_END, 2, "relays", self._key, *given))

    async def _run(self, script: str, keys: Sequence[str], *given: Any) -> None:
        held = await cast(
            Any, self._relays.redis.eval(script, len(keys), *keys, self._token, self._lease, *given)
        )
        if not held:
            raise ClaimLost(self.client_id)


def _ms(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
