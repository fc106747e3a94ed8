"""Notices, the queue, decisions."""
