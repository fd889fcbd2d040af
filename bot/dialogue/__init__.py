"""What a client is asked: drafts, steps and screens as plain values; knows nothing of Telegram."""
