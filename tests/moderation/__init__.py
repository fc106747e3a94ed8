"""Notices and decisions."""
