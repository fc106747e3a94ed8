"""Pausing somebody from writing in one round: off without a legal basis, shortest first, by two officials."""
