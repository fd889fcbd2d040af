"""`booking-bot sandbox`: the stand-ins alone."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from bot.sandbox.server import serving
from bot.sandbox.world import Profile


async def serve(port: int, profile: Profile, world: Path | None, stop: Callable[[], asyncio.Event]) -> int:
    """Serve until stopped; prints the address. Status 1 for a world file that cannot be read."""
    state = None
    if world is not None:
        try:
            state = json.loads(await asyncio.to_thread(world.read_text, encoding="utf-8"))
        except (OSError, ValueError) as error:
            print(f"Cannot read {world}: {error}")
            return 1
    async with serving(profile=profile, world=state, port=port) as sandbox:
        print(f"Sandbox ({profile}) on {sandbox.url}", flush=True)
        await stop().wait()
    return 0
