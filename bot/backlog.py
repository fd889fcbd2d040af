"""What is waiting in Redis, looked up whenever Prometheus asks: two round trips, whatever the number."""

from collections.abc import Iterable
from datetime import datetime
from time import monotonic

import orjson
from redis.asyncio import Redis

from bot.metrics import Metrics

#: So many attempts, and so many clients, are looked at for the ages; a clinic has a few of each.
MOST = 1000

#: Of every client who is relayed for (whom operators answer, or who has posts): number, record, threads,
#: how many posts, and a hash of the oldest. Several times faster than to ask for each.
_RELAYED = """
local rows = {}
for i, client in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  local at = '{' .. client .. '}'
  local oldest = redis.call('LINDEX', 'outbox:' .. at, 0)
  rows[i] = {
    client,
    redis.call('GET', 'client:' .. at) or '',
    redis.call('HVALS', 'thread:' .. at),
    redis.call('LLEN', 'outbox:' .. at),
    oldest and redis.sha1hex(oldest) or '',
  }
end
return rows
"""
Row = tuple[bytes, bytes, list[bytes], int, bytes]


class Backlog:
    """Sets the gauges of attempts, handoffs and posts; the keys are listed in `storage`."""

    def __init__(self, redis: "Redis", metrics: Metrics) -> None:
        self.redis = redis
        self.metrics = metrics
        self._oldest: dict[bytes, tuple[bytes, float]] = {}  # client -> the oldest post's hash, seen since

    async def measure(self, now: datetime) -> None:
        """Look. Raises RedisError; then the gauges stay as they were."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zcard("attempts")
            pipe.zrange("attempts", 0, MOST - 1)
            pipe.eval(_RELAYED, 1, "relays", MOST)
            count, keys, relayed = await pipe.execute()
        found = await self.redis.mget([f"attempt:{key.decode()}" for key in keys]) if keys else []
        begun = (datetime.fromisoformat(orjson.loads(it)["begun_at"]) for it in found if it)
        self.metrics.open_attempts.set(count)
        self.metrics.oldest_attempt.set(_age(begun, now))
        self._set_handoffs(relayed, now)
        self._set_posts(relayed)

    async def dialogues(self, clients: Iterable[int]) -> set[int]:
        """Those clients whose unfinished dialogue is still kept."""
        wanted = list(clients)
        async with self.redis.pipeline(transaction=False) as pipe:
            for client in wanted:
                pipe.exists(f"turn:{{{client}}}")
            return {client for client, kept in zip(wanted, await pipe.execute(), strict=True) if kept}

    def _set_handoffs(self, relayed: list[Row], now: datetime) -> None:
        count, waiting = 0, []
        for _, client, threads, _, _ in relayed:
            handoff = orjson.loads(client).get("handoff") if client else None
            if handoff is None:
                continue
            count += 1
            since = datetime.fromisoformat(handoff["since"])
            answers = (orjson.loads(thread).get("answered_at") for thread in threads)
            if not any(datetime.fromisoformat(answer) >= since for answer in answers if answer):
                waiting.append(since)
        self.metrics.handoffs.set(count)
        self.metrics.handoffs_waiting.set(len(waiting))
        self.metrics.longest_waiting.set(_age(waiting, now))

    def _set_posts(self, relayed: list[Row]) -> None:
        """Posts do not tell when they were written: the age counts from the first look that met one."""
        now, before = monotonic(), self._oldest
        self._oldest = {}
        for client, _, _, count, oldest in relayed:
            if count:
                known, since = before.get(client, (b"", now))
                self._oldest[client] = (oldest, since if known == oldest else now)
        self.metrics.posts.set(sum(row[3] for row in relayed))
        self.metrics.oldest_post.set(max((now - since for _, since in self._oldest.values()), default=0.0))


def _age(moments: Iterable[datetime], now: datetime) -> float:
    """Seconds since the earliest; 0 if there is none."""
    earliest = min(moments, default=now)
    return max((now - earliest).total_seconds(), 0.0)
