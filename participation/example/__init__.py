"""Example data and imports from other platforms."""
