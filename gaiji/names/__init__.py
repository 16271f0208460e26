"""Search keys of names, matching of registers, a clerk's search."""
