"""Contests, questions, ballots and the roll. Knows nothing of what is voted on."""
