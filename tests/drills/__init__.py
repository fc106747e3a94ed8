"""Drills of minutes, for `make drills`: what breaks under load breaks here first."""
