"""One-Link going away and coming back."""

from bot.app import App
from bot.onelink.exchange import Patience
from bot.sandbox.faults import Kind
from bot.sandbox.server import Sandbox


class OneLinkWeather:
    """Nothing the bot remembers hides that One-Link is down."""

    def __init__(self, bot: App, sandbox: Sandbox) -> None:
        self._bot = bot
        # As many repeats as ever, without the pauses between them: they are tested elsewhere.
        bot.http._patience = Patience(first_wait_s=0.01)
        self._faults = sandbox.faults

    def goes_down(self, kind: Kind = "status", status: int = 503) -> None:
        """From now on nothing is answered properly."""
        self._bot.front.desk.forget_catalogue()
        self._bot.front.desk.refresh()
        self._faults.add({"match": "/api/", "kind": kind, "status": status, "times": 0})

    def comes_back(self) -> None:
        """Everything works; the breaker's pause (5 s) is taken as over."""
        self._faults.clear()
        self._bot.http._breaker.succeeded()
