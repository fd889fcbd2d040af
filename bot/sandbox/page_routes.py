"""The demo page at `/`: plain files, nothing to build, nothing from outside."""

from pathlib import Path

from aiohttp import web

_FILES = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# The page shows what bots and people wrote; nothing of it may run or load anything. Files of One-Link come
# from its storage by a redirect, and its address may be another name of this machine than the page's.
_LOOPBACK = "'self' http://127.0.0.1:* http://localhost:*"
_POLICY = (
    f"default-src 'self'; img-src {_LOOPBACK}; media-src {_LOOPBACK}; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
}


def add_routes(app: web.Application) -> None:
    """Mount `/` and `/page/<file>`."""
    app.router.add_get("/", _index)
    app.router.add_get(r"/page/{name:[a-z_]+\.(?:css|js|svg)}", _file)


async def _index(_: web.Request) -> web.Response:
    return _served(_FILES / "index.html")


async def _file(request: web.Request) -> web.Response:
    return _served(_FILES / request.match_info["name"])


def _served(path: Path) -> web.Response:
    if not path.is_file():
        raise web.HTTPNotFound
    return web.Response(
        text=path.read_text("utf-8"), content_type=_TYPES[path.suffix], charset="utf-8", headers=_HEADERS
    )
