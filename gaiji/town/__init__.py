"""A town: all its systems and files as one migration, with one queue and one proof book."""
