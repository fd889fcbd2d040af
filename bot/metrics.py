"""Counters for Prometheus. Labels are names of ours, never of people."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.onelink.http import Exchange


class Metrics:
    """One registry for one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.updates = Counter("updates", "Telegram updates handled", registry=self.registry)
        self.onelink = Histogram(
            "onelink_seconds",
            "Requests to One-Link",
            ["method", "path", "outcome"],
            registry=self.registry,
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.open_attempts = Gauge(
            "open_attempts",
            "Bookings, moves and cancellations whose outcome is not known yet",
            registry=self.registry,
        )
        self.without_link = Counter(
            "appointments_without_link",
            "Appointments booked without a link to their conversation",
            registry=self.registry,
        )

        self.reminders_due = Gauge(
            "reminders_due", "Clients whose reminder is due and not sent yet", registry=self.registry
        )
        self.reminders_sent = Counter("reminders_sent", "Reminders sent", registry=self.registry)
        self.notices_sent = Counter(
            "notices_sent", "Notices of changes made by the clinic", registry=self.registry
        )

    def exchange(self, exchange: Exchange) -> None:
        """Count a request to One-Link."""
        outcome = type(exchange.error).__name__ if exchange.error else "ok"
        self.onelink.labels(exchange.method, exchange.template, outcome).observe(exchange.elapsed_s)

    def page(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self.registry)
