"""Notices, cases and decisions with reasons."""
