"""Bytes into records, and those that cannot be cut."""
