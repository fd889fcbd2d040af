"""Stand-ins for both neighbours, One-Link and Telegram, at the wire; imports nothing else from `bot`."""
