"""What the Bot API answers when it does not do what it was asked."""


class Refusal(Exception):
    """An error answer of the Bot API: HTTP status, description, and `retry_after` in seconds with a 429."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def answer(self) -> dict[str, object]:
        """The JSON body: `{"ok": false, "error_code", "description", "parameters"?}`."""
        body: dict[str, object] = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(description: str) -> Refusal:
    """400 with Telegram's usual prefix."""
    return Refusal(400, f"Bad Request: {description}")


def too_many_requests(retry_after: int) -> Refusal:
    """429: the same call is welcome again in so many seconds."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after)
