"""What the bot can do for a client; knows neither Telegram nor JSON."""
