"""The clerks' seat: evidence for candidates, sheets, the review screen."""
