"""When something is public and open."""
