"""Files that are whole or not there at all, packing, locks, digests, and where the toolkit's own data lie."""
