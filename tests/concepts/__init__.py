"""Concepts: texts in versions, and who may change them."""
