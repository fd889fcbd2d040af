"""Downloads: One-Link's address of a file redirects to the storage, which is another house.

The storage refuses every request that carries One-Link's token: the token is not for it, and a client that
sends it along after the redirect has given it away.
"""

from urllib.parse import quote

from aiohttp import web

from bot.sandbox.onelink_access import TOKEN_HEADERS
from bot.sandbox.world import World

ONE_LINK = "/rails/active_storage/{kind:blobs|representations}/redirect/{signed}/{name}"
STORAGE = "/_storage/{key}/{name}"
# Files are anybody's; opened in a browser they must not run with the rights of the demo page.
_HEADERS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


class AttachmentRoutes:
    """`/rails/active_storage/…` answers 302, `/_storage/…` the bytes."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(ONE_LINK, self._redirect)
        app.router.add_get(STORAGE, self._give)

    async def _redirect(self, request: web.Request) -> web.Response:
        signed = request.match_info["signed"]
        if not self._is_attached(signed):
            return web.Response(status=404)
        name = quote(request.match_info["name"], safe="")
        place = f"{self.world.url}/_storage/{self.world.files.address(signed)}/{name}"
        return web.Response(status=302, headers={"Location": place})

    async def _give(self, request: web.Request) -> web.Response:
        """400 with a token, 403 for an address that is too old, 404 while the bytes are not there."""
        if any(name in request.headers for name in TOKEN_HEADERS):
            return web.Response(status=400, text="The storage must not see the token of One-Link")
        key, files = request.match_info["key"], self.world.files
        if not files.is_good(key):
            return web.Response(status=403, text="Request has expired")
        upload = files.read(key)
        if upload is None:
            return web.Response(status=404, text="The specified key does not exist.")
        return web.Response(body=upload.content, headers=_HEADERS | {"Content-Type": upload.content_type})

    def _is_attached(self, signed: str) -> bool:
        return any(
            row["signed"] == signed
            for conversation in self.world.conversations.values()
            for message in conversation["messages"]
            for row in message["attachments"]
        )
