"""Second looks at decisions."""
