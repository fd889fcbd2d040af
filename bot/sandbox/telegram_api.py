"""Telegram at the wire: `/bot<TOKEN>/<method>` as https://core.telegram.org/bots/api describes it."""

import inspect
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import ClientSession, web

from bot.sandbox.bot_webhook import DEFAULT_CONNECTIONS, Webhook
from bot.sandbox.chats import Chats
from bot.sandbox.clock import Clock
from bot.sandbox.telegram_control import TelegramControl
from bot.sandbox.telegram_files import file_answer
from bot.sandbox.telegram_messages import MessageMethods
from bot.sandbox.telegram_params import Params, params_of
from bot.sandbox.telegram_refusal import Refusal, bad_request
from bot.sandbox.telegram_state import Bot, TelegramState

Json = dict[str, Any]
Method = Callable[[Params], object]

_TOKEN = re.compile(r"\d{1,16}:[A-Za-z0-9_-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_PROFILE_CHANGE = re.compile("setmy|deletemy|setchatmenu")
_NOT_FOUND = Refusal(404, "Not Found")


class TelegramApi:
    """The Telegram face of the sandbox: the Bot API, what people do, and what tests look at."""

    def __init__(self, clock: Clock) -> None:
        self.state = TelegramState(clock)
        self._session: ClientSession | None = None

    def add_routes(self, app: web.Application) -> None:
        """Mount all below `/bot…`, `/file/bot…`, `/_sandbox/chats` and `/_sandbox/telegram`."""
        app.router.add_route("*", r"/bot{token:[^/]+}/{method}", self._answer)
        app.router.add_get(r"/file/bot{token:[^/]+}/documents/{file_id:\w+}{suffix:(\.\w+)?}", self._download)
        Chats(self.state).add_routes(app)
        TelegramControl(self.state).add_routes(app)
        app.on_shutdown.append(self._stop)

    async def _stop(self, _: web.Application) -> None:
        self.state.close()
        for bot in self.state.bots.values():
            if bot.webhook:
                await bot.webhook.stop()
        if self._session is not None:
            await self._session.close()

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            bot = self._bot(request)
            result = await self.call(bot, request.match_info["method"], await params_of(request))
        except Refusal as refusal:
            return web.json_response(refusal.answer(), status=refusal.status)
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._bot(request)
        except Refusal as refusal:
            return web.json_response(refusal.answer(), status=refusal.status)
        upload = self.state.files.get(request.match_info["file_id"])
        if upload is None:
            return web.json_response(_NOT_FOUND.answer(), status=404)
        return web.Response(body=upload.content, content_type="application/octet-stream")

    def _bot(self, request: web.Request) -> Bot:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise _NOT_FOUND
        accepted = self.state.accepted_tokens
        if accepted is not None and token not in accepted:
            raise Refusal(401, "Unauthorized")
        return self.state.bot(token)

    async def call(self, bot: Bot, method: str, params: Params) -> object:
        """Run one method and write it into the journal. getUpdates is not journalled: it says nothing."""
        entry: Json = {
            "bot_id": bot.id,
            "method": method,
            "params": params.for_journal(),
            "at": self.state.now().isoformat(),
            "ok": True,
        }
        if method.lower() != "getupdates":
            self.state.journal.append(entry)
        try:
            self._refuse_as_planned(method, params)
            known = {name.lower(): run for name, run in self._methods(bot).items()}
            if method.lower() not in known:
                raise _NOT_FOUND
            result = known[method.lower()](params)
            if _PROFILE_CHANGE.match(method.lower()):
                self.state.bots_changed()
            return await result if inspect.isawaitable(result) else result
        except Refusal as refusal:
            entry |= {"ok": False, "error": refusal.description}
            raise
        finally:
            self.state.changed.fire()

    def _refuse_as_planned(self, method: str, params: Params) -> None:
        for planned in self.state.refusals:
            chats = (None, params.integer("chat_id"))
            if planned.times > 0 and planned.method.lower() == method.lower() and planned.chat_id in chats:
                planned.times -= 1
                raise Refusal(planned.status, planned.description, planned.retry_after)

    def _methods(self, bot: Bot) -> dict[str, Method]:
        profile = bot.profile
        about: dict[str, Method] = {
            "getMe": lambda _: self._get_me(bot),
            "getUpdates": lambda params: self._get_updates(bot, params),
            "setWebhook": lambda params: self._set_webhook(bot, params),
            "deleteWebhook": lambda params: self._delete_webhook(bot, params),
            "getWebhookInfo": lambda _: self._webhook_info(bot),
            "getFile": lambda params: file_answer(self.state, params),
            "setMyCommands": profile.set_commands,
            "getMyCommands": profile.get_commands,
            "deleteMyCommands": profile.delete_commands,
            "setChatMenuButton": profile.set_menu_button,
            "getChatMenuButton": profile.get_menu_button,
        }
        for name, which in _TEXTS.items():
            about[f"setMy{name}"] = partial(profile.set_text, which)
            about[f"getMy{name}"] = partial(profile.get_text, which)
        return about | MessageMethods(self.state, bot).table()

    @staticmethod
    def _get_me(bot: Bot) -> Json:
        return bot.user() | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    async def _get_updates(self, bot: Bot, params: Params) -> list[Json]:
        if bot.webhook:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        queue = self.state.queue_of(bot)
        queue.allow(params.data("allowed_updates"))
        return await queue.poll(
            params.integer("offset") or 0,
            params.integer("limit", 100) or 100,
            params.integer("timeout") or 0,
        )

    async def _set_webhook(self, bot: Bot, params: Params) -> bool:
        url, secret = params.text("url"), params.text("secret_token")
        # Telegram itself wants HTTPS; a local Bot API server takes HTTP too, and so does the sandbox.
        if url and not url.startswith(("http://", "https://")):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        connections = params.integer("max_connections") or DEFAULT_CONNECTIONS
        if not 1 <= connections <= 100:
            raise bad_request("max_connections must be between 1 and 100")
        await self._delete_webhook(bot, params)
        if not url:
            return True
        queue = self.state.queue_of(bot)
        queue.allow(params.data("allowed_updates"))
        queue.stop_polling()
        bot.webhook = Webhook(
            url=url,
            secret=secret,
            max_connections=connections,
            queue=queue,
            session=self._http,
            call=self._from_webhook(bot),
            now=self.state.now,
        )
        bot.webhook.deliver()
        return True

    def _from_webhook(self, bot: Bot) -> Callable[[Params], Awaitable[object]]:
        def call(params: Params) -> Awaitable[object]:
            return self.call(bot, str(params.values.pop("method")), params)

        return call

    async def _delete_webhook(self, bot: Bot, params: Params) -> bool:
        webhook, bot.webhook = bot.webhook, None
        if webhook:
            await webhook.stop()
        if params.flag("drop_pending_updates"):
            self.state.queue_of(bot).clear()
        return True

    def _webhook_info(self, bot: Bot) -> Json:
        waiting = len(bot.queue.pending) if bot.queue else self.state.pending()
        kinds = sorted(bot.queue.allowed) if bot.queue else []
        described = bot.webhook.described() if bot.webhook else {"url": "", "has_custom_certificate": False}
        allowed = {"allowed_updates": kinds} if kinds else {}
        return described | {"pending_update_count": waiting} | allowed

    def _http(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession()
        return self._session


_TEXTS = {"Name": "name", "Description": "description", "ShortDescription": "short_description"}
