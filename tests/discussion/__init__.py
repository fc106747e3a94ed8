"""Threads, comments, ratings."""
