"""The door of One-Link: who may come in, and how every refusal and crash is worded."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.answers import USER, Crashed, Refused, answer, not_found
from bot.sandbox.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ACCOUNT_API = "/api/v1/"
PUBLIC_API = "/public/api/v1/"
TOKEN_HEADERS = ("api_access_token", "api-access-token")

log = logging.getLogger(__name__)


class OneLinkAccess:
    """Middleware around both One-Link APIs; puts the token's user into `request[USER]`.

    The public API needs no token. The account in the path must be the world's, if the world has one.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith((ACCOUNT_API, PUBLIC_API)):
            return await handler(request)
        try:
            if request.path.startswith(ACCOUNT_API):
                self._admit(request)
            return await handler(request)
        except Refused as refused:
            return answer(self._with_code(request, refused), refused.status)
        except web.HTTPException as unknown_route:
            return web.Response(status=unknown_route.status)
        except Crashed as crash:
            log.info("One-Link would crash here: %s", crash)
        except Exception:
            log.exception("the sandbox failed at %s %s", request.method, request.path)
        page = "<html><body><h1>We're sorry, but something went wrong (500)</h1></body></html>"
        return web.Response(status=500, text=page, content_type="text/html")

    def _admit(self, request: web.Request) -> None:
        token = next((request.headers[name] for name in TOKEN_HEADERS if name in request.headers), None)
        if token is None:
            raise _NoToken
        user = self.world.user_of(token)
        if user is None:
            raise Refused(401, "Invalid Access Token")
        request[USER] = user
        account = request.match_info.get("account")
        known = self.world.account_id
        if account is not None and (not account.isdigit() or known not in (None, int(account))):
            raise not_found()
        if "/scheduling/" in request.path and not self.world.switches["scheduling_enabled"]:
            raise Refused(403, "Scheduling is not enabled for this account", "FEATURE_DISABLED")

    def _with_code(self, request: web.Request, refused: Refused) -> dict[str, object]:
        """A 404 as documented rather than as observed, when the world's switch asks for it."""
        body = refused.body
        if refused.status == 404 and self.world.switches["code_on_404"] and "/scheduling/" in request.path:
            code = "APPOINTMENT_NOT_FOUND" if "/appointments/" in request.path else "NOT_FOUND"
            body = body | {"code": code}
        return body


class _NoToken(Refused):
    def __init__(self) -> None:
        super().__init__(401, "")
        self.body = {"errors": ["You need to sign in or sign up before continuing."]}
