"""Concepts in numbered versions: Leitthemen, Handlungsfelder, Kernziele."""
