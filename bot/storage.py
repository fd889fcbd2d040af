"""Every Redis key, in one file.

turn:{client}     hash  state, data (the draft as JSON) and the updates already handled; forgotten after 24 h
client:{client}   JSON  what is remembered of a client: language, contact, consent, own appointments
lock:{client}     str   the process that is handling this client's update; a lease of some seconds
attempt:{key}     JSON  a booking, move or cancellation whose outcome is not known or not shown yet; no expiry
attempts          zset  keys of attempts by the moment (unix seconds) they are due to be looked at
visits            hash  appointment id -> JSON, what its client was told of it; forgotten when it is past
contacts          hash  contact id -> the client who has shared that contact's phone
rounds            str   the process that reads the calendar for everybody; a lease of some seconds
outbox:{client}   list  JSON, posts for One-Link's conversation in order: what the client wrote, and calls
thread:{client}   hash  display id -> JSON, a conversation of the client's and how far it was read
threads           hash  display id of a conversation -> its client
relays            zset  clients by the moment (unix seconds) their conversation is due to be looked at; who is
                        due at once, whatever the clock, by the number of the ring: first come, first served
rings             str   the number of the latest ring
relaying:{client} str   the process that relays for this client; a lease of some seconds
looks:{client}    hash  conversation.message of One-Link -> why it has to be looked at again
passed:{client}   hash  message of One-Link -> the messages in Telegram that show it; forgotten after 48 h
published         str   what Telegram was last told of the bot itself, as a digest
brake:{source id} zset  cancelled visits by the moment; a day. Named by what no Telegram id can be read from

One turn costs two round trips: `take` locks and loads, `give_back` saves, remembers the update and
unlocks. It also keeps `visits` and `contacts` in step and forgets the attempts whose outcome was shown, in
the same script: one node has to hold all keys, so a cluster is not supported. Only commands of Redis 7.0
are used.
"""

import asyncio
import contextlib
import itertools
import random
import string
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

import orjson
from pydantic import Field, TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.domain.attempt import AnyAttempt
from bot.domain.client import Client
from bot.domain.handoff import Post
from bot.domain.watched import WatchedVisit
from bot.relay_storage import POST, RelayStorage

#: A draft is kept this long after the last answer.
DRAFT_LIFETIME = timedelta(hours=24)
#: A killed process blocks its client no longer than this; a living one renews the lease.
LEASE = timedelta(seconds=4)
#: While another process holds a client: how often to look whether it has finished.
RETRY_EVERY = timedelta(milliseconds=40)
#: Cancelled visits are counted for so long.
COOL_DOWN = timedelta(hours=24)
#: No attempt is put off for so long: what is due later was put off before the clock was put back.
LONGEST_WAIT = timedelta(minutes=2)
#: Redelivered updates are recognised among this many of the client's latest.
REMEMBERED_UPDATES = 20

_CLIENT = TypeAdapter(Client)
_VISIT = TypeAdapter(WatchedVisit)
_ATTEMPT: TypeAdapter[AnyAttempt] = TypeAdapter(Annotated[AnyAttempt, Field(discriminator="kind")])

_TAKE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
local turn = redis.call('HMGET', KEYS[2], 'state', 'data', 'seen')
return {turn[1] or '', turn[2] or '', turn[3] or '', redis.call('GET', KEYS[3]) or ''}
"""
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_GIVE_BACK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' then
  redis.call('DEL', KEYS[2])
  if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], 'state', ARGV[3]) end
  if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'data', ARGV[4]) end
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'seen', ARGV[5]) end
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
if ARGV[6] ~= '' then redis.call('SET', KEYS[3], ARGV[6]) end
if ARGV[7] and ARGV[7] ~= '' then redis.call('HSET', KEYS[5], ARGV[7], ARGV[8]) end
local posts = tonumber(ARGV[9] or '0')
if posts > 0 then
  for i = 10, 9 + posts do redis.call('RPUSH', KEYS[6], ARGV[i]) end
  redis.call('ZADD', KEYS[7], 'LT', redis.call('INCR', KEYS[8]) / 1000, ARGV[8])
end
for i = 10 + posts, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[4], ARGV[i])
  else redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1]) end
end
for i = 10, #KEYS do
  redis.call('DEL', KEYS[i])
  redis.call('ZREM', KEYS[9], string.sub(KEYS[i], 9))
end
redis.call('DEL', KEYS[1])
return 1
"""
_FORGET = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2], KEYS[3])
for i = 3, #ARGV do redis.call('HDEL', KEYS[i <= 2 + tonumber(ARGV[2]) and 4 or 5], ARGV[i]) end
redis.call('DEL', KEYS[1])
return 1
"""
_HOLD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_LET_GO = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""
_CLAIM = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)
if #due == 0 then due = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], '+inf', 'LIMIT', 0, 1) end
if #due == 0 then return false end
redis.call('ZADD', KEYS[1], ARGV[2], due[1])
return due[1]
"""


class TurnLost(Exception):
    """The lease ran out and another process took over: this turn's changes were not stored."""


@dataclass(slots=True)
class Turn:
    """One client's state while one of its updates is handled: change it, it is stored at the end.

    `state` and `data` are the FSM's state and data; `data` holds plain JSON values.
    """

    client: Client
    state: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    seen: tuple[int, ...] = ()
    finished: list[str] = field(default_factory=list)  # attempts whose outcome this turn has shown: forgotten
    told: dict[int, WatchedVisit | None] = field(default_factory=dict)  # visits to keep, or to forget
    posts: list[Post] = field(default_factory=list)  # for the operators, in order
    forgotten: bool = False  # nothing of this client's is kept, not even this update

    def has_overtaken(self, update_id: int) -> bool:
        """Whether an update that Telegram got later was handled before this one."""
        return max(self.seen, default=update_id) > update_id


class Storage:
    """Typed access to all the bot keeps in Redis."""

    def __init__(self, redis: "Redis") -> None:
        self.redis = redis
        self.in_hand: dict[int, Turn] = {}  # the turns this process holds, by client
        # Letters only: a run of digits in Redis would look like an IIN to whoever searches for one.
        self._holder = "".join(random.SystemRandom().choices(string.ascii_lowercase, k=24))
        self._turns = itertools.count(1)
        self.relays = RelayStorage(redis, self._holder)
        self._take = redis.register_script(_TAKE)
        self._renew = redis.register_script(_RENEW)
        self._give_back = redis.register_script(_GIVE_BACK)
        self._forget = redis.register_script(_FORGET)
        self._claim = redis.register_script(_CLAIM)
        self._hold = redis.register_script(_HOLD)
        self._let_go = redis.register_script(_LET_GO)

    @asynccontextmanager
    async def turn(self, client_id: int, update_id: int | None = None) -> AsyncIterator[Turn | None]:
        """Hold this client alone, over all processes; store the changes when the block ends.

        Yields None for an update that was handled before. If the block raises, nothing is stored
        and the update does not count as handled. Raises TurnLost if another process took over.
        """
        own = [f"lock:{{{client_id}}}", f"turn:{{{client_id}}}", f"client:{{{client_id}}}"]
        keys = [*own, "visits", "contacts", f"outbox:{{{client_id}}}", "relays", "rings", "attempts"]
        lease_ms = int(LEASE / timedelta(milliseconds=1))
        token = f"{self._holder}:{next(self._turns)}"
        while (found := await self._take(keys, [token, lease_ms])) is None:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(RETRY_EVERY.total_seconds())
        before = _loaded(client_id, *found)
        renewal = asyncio.create_task(self._keep(keys[0], token, lease_ms))
        try:
            if update_id is not None and update_id in before.seen:
                yield None
                await self._give_back(keys, [token, "", "", "", "", ""])
                return
            turn = Turn(before.client, before.state, dict(before.data), before.seen)
            self.in_hand[client_id] = turn
            yield turn
            if turn.forgotten:
                await self.forget_client(client_id, token)
                return
            if update_id is not None:
                turn.seen = (*turn.seen, update_id)[-REMEMBERED_UPDATES:]
            is_new = turn.client != before.client
            client = _CLIENT.dump_json(turn.client, exclude_defaults=True) if is_new else b""
            proven = turn.client.contact_id if is_new and turn.client.verified else None
            lifetime_ms = int(DRAFT_LIFETIME / timedelta(milliseconds=1))
            changes = [
                turn.state or "",
                orjson.dumps(turn.data) if turn.data else "",
                _packed(turn.seen),
                client,
                proven or "",
                client_id,
                len(turn.posts),
                *(POST.dump_json(post) for post in turn.posts),
                *_pairs(turn.told),
            ]
            # With the draft: an attempt forgotten before that is closed would leave it waiting for ever.
            done = [f"attempt:{key}" for key in turn.finished]
            if not await self._give_back([*keys, *done], [token, lifetime_ms, *changes]):
                raise TurnLost(client_id)
            if turn.posts:
                self.relays.stirred.set()
        except BaseException:
            # Let the next one in at once; should this fail too, the lease ends by itself.
            await asyncio.shield(self._give_back(keys, [token, "", "", "", "", ""]))
            raise
        finally:
            renewal.cancel()
            self.in_hand.pop(client_id, None)

    async def forget_client(self, client_id: int, token: str) -> None:
        """End the turn that `token` holds and remove what is kept of its client: see `Turn.forgotten`.

        What was said to operators is `RelayStorage.forget_client`'s. Raises TurnLost.
        """
        visits = [number for number, visit in (await self.visits()).items() if visit.client_id == client_id]
        found = await cast(Any, self.redis.hgetall("contacts"))
        contacts = [contact for contact, client in found.items() if int(client) == client_id]
        own = (f"{name}:{{{client_id}}}" for name in ("lock", "turn", "client"))
        if not await self._forget([*own, "visits", "contacts"], [token, len(visits), *visits, *contacts]):
            raise TurnLost(client_id)

    async def _keep(self, key: str, token: str, lease_ms: int) -> None:
        while True:
            await asyncio.sleep(lease_ms / 3000)
            with contextlib.suppress(RedisError, OSError):  # the next round tries again; `give_back` judges
                if not await self._renew([key], [token, lease_ms]):
                    return

    async def client(self, client_id: int) -> Client:
        """What is remembered of a client, outside a turn: it may change at any moment."""
        found = await self.redis.get(f"client:{{{client_id}}}")
        return _CLIENT.validate_json(found) if found else Client(id=client_id)

    async def save_attempt(self, attempt: AnyAttempt, due: datetime) -> None:
        """Store an attempt, to be looked at by the worker when it is due."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.set(f"attempt:{attempt.key}", _ATTEMPT.dump_json(attempt))
            pipe.zadd("attempts", {attempt.key: due.timestamp()})
            await pipe.execute()

    async def attempt(self, key: str) -> AnyAttempt | None:
        """The attempt with this key, while it is unfinished."""
        found = await self.redis.get(f"attempt:{key}")
        return _ATTEMPT.validate_json(found) if found else None

    async def claim_attempt(self, now: datetime, lease: timedelta) -> AnyAttempt | None:
        """One attempt that is due, kept from other processes for the time of the lease."""
        moments = (now, now + lease, now + LONGEST_WAIT)
        key = await self._claim(["attempts"], [moment.timestamp() for moment in moments])
        if key is None:
            return None
        key = key.decode() if isinstance(key, bytes) else key
        attempt = await self.attempt(key)
        if attempt is None:
            await self.redis.zrem("attempts", key)
        return attempt

    async def has_attempt(self, client_id: int) -> bool:
        """Whether something this client has confirmed is not certain yet, or not shown."""
        keys = [key.decode() for key in await self.redis.zrange("attempts", 0, -1)]
        found = await self.redis.mget([f"attempt:{key}" for key in keys]) if keys else []
        return any(_ATTEMPT.validate_json(it).client_id == client_id for it in found if it)

    async def count_cancelled(self, name: str, appointment_ids: Collection[int], now: datetime) -> None:
        """The client called `name` (a source id) has cancelled these visits; each counts once."""
        if appointment_ids:
            async with self.redis.pipeline(transaction=True) as pipe:
                pipe.zadd(f"brake:{name}", {str(number): now.timestamp() for number in appointment_ids})
                pipe.pexpire(f"brake:{name}", int(COOL_DOWN / timedelta(milliseconds=1)))
                await pipe.execute()

    async def uncount_cancelled(self, name: str, appointment_id: int) -> None:
        """That one was taken back."""
        await self.redis.zrem(f"brake:{name}", str(appointment_id))

    async def standing(
        self, name: str, since: datetime, appointment_ids: Sequence[int] = (), attempt_key: str = ""
    ) -> tuple[int, tuple[WatchedVisit, ...], AnyAttempt | None]:
        """In one trip: how many visits were counted for that client (a source id) since then, what is kept of
        these appointments, and the attempt with this key, while it is unfinished."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zcount(f"brake:{name}", since.timestamp(), "+inf")
            pipe.get(f"attempt:{attempt_key}")
            if appointment_ids:
                pipe.hmget("visits", [str(it) for it in appointment_ids])
            cancelled, begun, *found = await pipe.execute()
        kept = tuple(_VISIT.validate_json(it) for it in found[0] if it) if found else ()
        return cancelled, kept, _ATTEMPT.validate_json(begun) if begun else None

    async def open_attempts(self) -> int:
        """How many attempts are unfinished."""
        return cast(int, await self.redis.zcard("attempts"))

    async def visits(self) -> dict[int, WatchedVisit]:
        """Every visit whose client the bot can write to, by appointment id."""
        found = await cast(Any, self.redis.hgetall("visits"))
        return {int(key): _VISIT.validate_json(value) for key, value in found.items()}

    async def visit(self, appointment_id: int) -> WatchedVisit | None:
        """What the client of this appointment was told of it."""
        found = await cast(Any, self.redis.hget("visits", str(appointment_id)))
        return _VISIT.validate_json(found) if found else None

    async def forget_visits(self, appointment_ids: Collection[int]) -> None:
        """Nothing about these will be told any more."""
        if appointment_ids:
            await cast(Any, self.redis.hdel("visits", *map(str, appointment_ids)))

    async def clients_of(self, contact_ids: Sequence[int]) -> dict[int, int]:
        """The client behind each of these contacts, where its phone was shared by its owner."""
        if not contact_ids:
            return {}
        found = await cast(Any, self.redis.hmget("contacts", [str(it) for it in contact_ids]))
        return {it: int(client) for it, client in zip(contact_ids, found, strict=True) if client}

    async def some_attempt(self, keys: Sequence[str]) -> bool:
        """Whether any of these attempts is unfinished."""
        return bool(await self.redis.exists(*(f"attempt:{key}" for key in keys)))

    async def hold(self, name: str, lease: timedelta) -> bool:
        """Whether this process does this work alone for the time of the lease; asking again renews it."""
        return bool(await self._hold([name], [self._holder, int(lease / timedelta(milliseconds=1))]))

    async def let_go(self, name: str) -> None:
        """Leave that work to another process at once, if this one holds it."""
        await self._let_go([name], [self._holder])

    async def published(self) -> str | None:
        """What Telegram was last told of the bot itself, as a digest."""
        found = await self.redis.get("published")
        return found.decode() if found else None

    async def has_published(self, digest: str) -> None:
        """Telegram was told that."""
        await self.redis.set("published", digest)

    async def ping(self) -> None:
        """Raise the library's error if Redis does not answer."""
        await cast(Any, self.redis.ping())


def _loaded(client_id: int, state: bytes, data: bytes, seen: bytes, client: bytes) -> Turn:
    return Turn(
        client=_CLIENT.validate_json(client) if client else Client(id=client_id),
        state=state.decode() or None,
        data=orjson.loads(data) if data else {},
        seen=tuple(int(update_id) for update_id in seen.split(b",") if update_id),
    )


def _pairs(told: Mapping[int, WatchedVisit | None]) -> list[Any]:
    """Appointment ids and what is kept of each; an empty text forgets it."""
    kept = {it: _VISIT.dump_json(visit, exclude_defaults=True) if visit else "" for it, visit in told.items()}
    return [part for pair in kept.items() for part in pair]


def _packed(seen: tuple[int, ...]) -> str:
    return ",".join(map(str, seen))
