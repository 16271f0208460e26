"""The same conversion for tables of a database."""
