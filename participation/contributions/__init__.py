"""Anything handed in, whatever its kind, its moderation state, and the one visibility rule."""
