"""Counting after the close, release, export and the recount of every stored figure."""
