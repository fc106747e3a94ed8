"""Tests of the example data and of imports."""
