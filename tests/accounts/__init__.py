"""Registering, signing in, sessions, intents, the account."""
