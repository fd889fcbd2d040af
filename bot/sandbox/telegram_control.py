"""Control routes for Telegram itself: `/_sandbox/telegram` and the files that were sent."""

from typing import Any

from aiohttp import web

from bot.sandbox.chats import LONGEST_WAIT, json_body
from bot.sandbox.telegram_state import PlannedRefusal, TelegramState

Json = dict[str, Any]

_DESCRIPTIONS = {
    400: "Bad Request: refused by the sandbox",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    429: "Too Many Requests: retry after {retry_after}",
    502: "Bad Gateway",
}


class TelegramControl:
    """Look at the bots and their calls; switch on Telegram's limits of speed; plan refusals."""

    def __init__(self, state: TelegramState) -> None:
        self.state = state

    def add_routes(self, app: web.Application) -> None:
        """Mount the routes below /_sandbox/telegram and /_sandbox/files."""
        app.router.add_get("/_sandbox/telegram", self._show)
        app.router.add_put("/_sandbox/telegram", self._switch)
        app.router.add_post("/_sandbox/telegram/refusals", self._plan)
        app.router.add_delete("/_sandbox/telegram/refusals", self._forget_plans)
        app.router.add_get("/_sandbox/files/{file_id}", self._file)

    async def _show(self, request: web.Request) -> web.Response:
        """`?idle=1&wait=<seconds>` answers when every update is confirmed, and only whether that is so."""
        if request.query.get("idle") not in (None, "0", "false"):
            wait = min(float(request.query.get("wait", 10)), LONGEST_WAIT)
            idle = await self.state.changed.until(lambda: self.state.pending() == 0, wait)
            return web.json_response({"idle": idle, "pending": self.state.pending()})
        return web.json_response(self._view())

    async def _switch(self, request: web.Request) -> web.Response:
        """`{"pacing": true}` turns the limits on; `{"tokens": ["1:a"]}` accepts only these, null any."""
        body = await json_body(request)
        if "pacing" in body:
            self.state.pacing.switch(bool(body["pacing"]))
        if "tokens" in body:
            tokens = body["tokens"]
            self.state.accepted_tokens = None if tokens is None else set(tokens)
        return web.json_response(self._view())

    async def _plan(self, request: web.Request) -> web.Response:
        """`{"method", "status", "chat_id"?, "description"?, "retry_after"?, "times"?}`: let calls fail."""
        body = await json_body(request)
        status = int(body.get("status", 429))
        retry_after = body.get("retry_after", 3 if status == 429 else None)
        wording = body.get("description") or _DESCRIPTIONS.get(status, "Internal Server Error")
        planned = PlannedRefusal(
            method=str(body["method"]),
            chat_id=body.get("chat_id"),
            status=status,
            description=wording.format(retry_after=retry_after),
            retry_after=retry_after,
            times=int(body.get("times", 1)),
        )
        self.state.refusals.append(planned)
        return web.json_response({"planned": len(self.state.refusals)})

    async def _forget_plans(self, _: web.Request) -> web.Response:
        self.state.refusals.clear()
        return web.json_response({"planned": 0})

    async def _file(self, request: web.Request) -> web.Response:
        upload = self.state.files.get(request.match_info["file_id"])
        if upload is None:
            return web.json_response({"error": "no such file"}, status=404)
        # A download, whatever it contains: what a bot sends must not run in the page.
        quoted = upload.filename.replace('"', "").replace("\r", "").replace("\n", "")
        headers = {"Content-Disposition": f'attachment; filename="{quoted}"'}
        return web.Response(body=upload.content, headers=headers, content_type="application/octet-stream")

    def _view(self) -> Json:
        bots = [
            {
                "id": bot.id,
                "listening": bot.queue is not None,
                "pending": len(bot.queue.pending) if bot.queue else 0,
                "webhook": bot.webhook.described() if bot.webhook else None,
                "profile": bot.profile.described(),
            }
            for bot in self.state.bots.values()
        ]
        pending = self.state.pending()
        webhooks = [bot["webhook"] for bot in bots if bot["webhook"]]
        return {
            "pending": pending,
            "idle": pending == 0,
            "webhook": webhooks[0] if webhooks else None,
            "commands": [
                entry for bot in self.state.bots.values() for entry in bot.profile.described()["commands"]
            ],
            "pacing": self.state.pacing.on,
            "bots": bots,
            "calls": list(self.state.journal),
        }
