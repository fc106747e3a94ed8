"""A participation platform for cities: consultation rounds that anyone can follow and recount."""
