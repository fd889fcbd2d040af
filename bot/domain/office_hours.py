"""When operators answer: `Mo-Fr 09:00-18:00, Sa 10:00-14:00`, by the venue's clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_PART = re.compile(r"(?P<first>[a-z]{2})(?:-(?P<last>[a-z]{2}))? (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """`spans`: weekday (0 is Monday), opening and closing time of the same day; naive local times."""

    spans: tuple[tuple[int, time, time], ...]

    def covers(self, local: datetime) -> bool:
        """Whether somebody answers at this local time."""
        return any(
            weekday == local.weekday() and opens <= local.time() < closes
            for weekday, opens, closes in self.spans
        )

    def opens_next(self, local: datetime) -> datetime:
        """The first opening after this local time, at most a week ahead."""
        return min(moment for moment in self._openings(local) if moment > local)

    def opened_last(self, local: datetime) -> datetime:
        """The opening of the span that covers this local time. ValueError if none does."""
        found = [
            opens
            for weekday, opens, closes in self.spans
            if weekday == local.weekday() and opens <= local.time() < closes
        ]
        return datetime.combine(local.date(), max(found), tzinfo=local.tzinfo)

    def _openings(self, local: datetime) -> Iterator[datetime]:
        for ahead in range(8):
            day: date = local.date() + timedelta(days=ahead)
            for weekday, opens, _ in self.spans:
                if weekday == day.weekday():
                    yield datetime.combine(day, opens, tzinfo=local.tzinfo)


def read_office_hours(text: str) -> OfficeHours:
    """Raises ValueError with what is expected."""
    spans = []
    for part in text.lower().split(","):
        found = _PART.fullmatch(" ".join(part.split()))
        first = found and found["first"]
        last = (found and found["last"]) or first
        if found is None or first not in _DAYS or last not in _DAYS:
            raise ValueError("expected days and times, such as Mo-Fr 09:00-18:00, Sa 10:00-14:00")
        try:
            opens, closes = time.fromisoformat(found["opens"]), time.fromisoformat(found["closes"])
        except ValueError:
            raise ValueError("expected times of day, such as 09:00-18:00") from None
        begin, end = _DAYS.index(first), _DAYS.index(last)
        if begin > end or opens >= closes:
            raise ValueError("expected the earlier day and the earlier time first; a night is two parts")
        spans += [(weekday, opens, closes) for weekday in range(begin, end + 1)]
    return OfficeHours(tuple(sorted(spans)))
