"""Mail to people: an outbox of rows, rendered and sent by the worker."""
