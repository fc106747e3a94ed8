"""Meine Beteiligung, disclosure, erasure."""
