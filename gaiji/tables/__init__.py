"""Tables that a town brings, as site tables, and code charts to compare a table with the host."""
