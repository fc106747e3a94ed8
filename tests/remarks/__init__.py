"""Ready-made reasons of an office, internal notes and open tasks."""
