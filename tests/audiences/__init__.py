"""Audiences, officials, offices."""
