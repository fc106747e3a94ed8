"""Consultation rounds: a concept, a window to talk, a window to vote, and their pages."""
