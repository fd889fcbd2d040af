"""Translation between Telegram and the dialogue, and nothing else."""
