"""Pauses from writing."""
