"""What everybody may know of moderation: the log of its decisions, without people and texts, and a report a year."""
