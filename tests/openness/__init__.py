"""The log of moderation, and its reports."""
