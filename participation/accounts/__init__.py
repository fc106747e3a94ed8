"""Persons, offices, sign-in, mail links and what somebody meant to do before signing in."""
