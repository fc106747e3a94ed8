"""The emergency brake: moderation slows one discussion down for a time, or reads first what is written there."""
