"""Threads, comments, replies and the ratings others give them."""
