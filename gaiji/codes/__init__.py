"""What a vendor's code means: mapping tables, charsets, the programs they compile into."""
