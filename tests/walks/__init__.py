"""Whole tasks, walked as people walk them."""
