"""Contests, ballots, the roll and the keys."""
