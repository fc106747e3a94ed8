"""Rounds: drafted, published, shown, ended."""
