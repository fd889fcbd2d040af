"""What Prometheus reads. Labels are names of ours, never of people, and each has few values."""

from collections.abc import Sequence
from itertools import product
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from bot.domain.attempt import AnyAttempt, ChangeAttempt, Stage, What
from bot.onelink.exchange import Exchange
from bot.settings import Locale

#: What Telegram sends (it is asked for these), and how each may end.
_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member"), ("handled", "failed", "put_off")
#: What clients confirm.
_ATTEMPTS = ("booking", "move", *What)
#: What a doorbell was answered with, in words.
_RUNG = {200: "heard", 401: "forged", 404: "wrong_secret", 503: "not_stored"}


class Metrics:
    """One registry for one app. What can only be looked up when it is asked for is set by `Backlog`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._updates = self._counter("updates", "Telegram updates", "kind", "outcome")
        self.update_seconds = self._seconds("update_seconds", "From taking an update up to its answer")
        self.telegram_calls = self._counter(
            "telegram_calls", "Requests to Telegram; repeats count", "method", "outcome"
        )
        self.loop_lag = self._gauge(
            "event_loop_lag_seconds", "The latest that the process came to anything since the last reading"
        )
        self.redis_up = self._gauge("redis_up", "Whether Redis answered; if not, what waits in it is old")

        # Funnel: each question once for each dialogue that came to it, and where dialogues ended unfinished.
        funnel = ("dialogue", "step", "locale")
        self.reached = self._counter("steps_reached", "Questions asked for the first time", *funnel)
        self.left = self._counter("steps_left", "Dialogues ended at a question, unfinished", *funnel, "how")

        self._settled = self._counter(
            "attempts_settled",
            "Bookings, moves and changes whose outcome was told; late: it was unknown for a while",
            "what",
            "outcome",
            "locale",
            "late",
        )
        self._unknown = self._counter("attempts_unknown", "Those whose first answer was lost", "what")
        self.open_attempts = self._gauge(
            "open_attempts", "Bookings, moves and cancellations whose outcome is not known yet"
        )
        self.oldest_attempt = self._gauge("open_attempts_oldest_seconds", "Since the oldest was confirmed")
        self.without_link = self._counter(
            "appointments_without_link", "Appointments booked without a link to their conversation"
        )

        self.onelink = self._seconds("onelink_seconds", "Requests to One-Link", "method", "path", "outcome")
        self.breaker_open = self._gauge("onelink_breaker_open", "Whether One-Link is being spared")
        self.calendar_read = self._gauge(
            "calendar_read_timestamp_seconds", "When this process last read the calendar; 0: never"
        )
        self.reminders_due = self._gauge(
            "reminders_due", "Clients whose reminder is due and not sent yet, where the rounds are gone"
        )
        self.reminders_sent = self._counter("reminders_sent", "Reminders sent")
        self.notices_sent = self._counter("notices_sent", "Notices of changes made by the clinic")
        self.invitations_sent = self._counter("invitations_sent", "Clients asked for another visit after one")

        self.handoffs = self._gauge("handoffs_open", "Clients whom operators answer instead of the bot")
        self.handoffs_waiting = self._gauge("handoffs_waiting", "Those whom no operator has answered yet")
        self.longest_waiting = self._gauge("handoffs_waiting_oldest_seconds", "Since the first of them came")
        self.posts = self._gauge("posts_waiting", "What clients wrote and One-Link does not have yet")
        self.oldest_post = self._gauge("posts_waiting_oldest_seconds", "Since the oldest was first seen here")
        self._doorbells = self._counter("doorbells", "Webhooks of One-Link", "outcome")
        self._begin_at_zero()

    def update(self, kind: str, outcome: str, elapsed_s: float) -> None:
        """Count an update of Telegram's: `handled`, `failed` (a mistake of ours), or `put_off`."""
        self._updates.labels(kind, outcome).inc()
        self.update_seconds.observe(elapsed_s)

    def exchange(self, exchange: Exchange) -> None:
        """Count a request to One-Link."""
        outcome = type(exchange.error).__name__ if exchange.error else "ok"
        self.onelink.labels(exchange.method, exchange.template, outcome).observe(exchange.elapsed_s)

    def attempt(self, attempt: AnyAttempt, outcome: str) -> None:
        """Count a try: the first without an answer, and the one that settles it (see `tally`)."""
        what = attempt.what.value if isinstance(attempt, ChangeAttempt) else attempt.kind
        was_unknown = attempt.stage is Stage.CHECKING
        if outcome != "unknown":
            self._settled.labels(what, outcome, attempt.locale, "yes" if was_unknown else "no").inc()
        elif not was_unknown:
            self._unknown.labels(what).inc()

    def doorbell(self, status: int) -> None:
        """Count a webhook of One-Link's by what it was answered with."""
        self._doorbells.labels(_RUNG.get(status, "other")).inc()

    def page(self) -> bytes:
        """All of it, as text."""
        return generate_latest(self.registry)

    def _begin_at_zero(self) -> None:
        """Show what is alerted on before it happens: a series that begins at 1 has never increased.

        Only that, and what every clinic has: all outcomes in all languages would be hundreds of series.
        """
        for kind, outcome in product(*_UPDATES):
            self._updates.labels(kind, outcome)
        for outcome in _RUNG.values():
            self._doorbells.labels(outcome)
        for what in _ATTEMPTS:
            self._unknown.labels(what)
            for outcome, locale, late in product(("done", "CannotBook"), get_args(Locale), ("no", "yes")):
                self._settled.labels(what, outcome, locale, late)
        for method in ("sendMessage", "editMessageText", "answerCallbackQuery"):
            self.telegram_calls.labels(method, "TelegramUnauthorizedError")
        self.telegram_calls.labels("getUpdates", "TelegramConflictError")
        for method, path in (("GET", "scheduling/calendar"), ("POST", "scheduling/appointments")):
            self.onelink.labels(method, path, "NotPermitted")

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(name, about, registry=self.registry)

    def _seconds(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(name, about, labels, registry=self.registry, buckets=_BUCKETS)


_BUCKETS: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
