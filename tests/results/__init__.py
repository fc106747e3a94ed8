"""Counting, release, export and recount."""
