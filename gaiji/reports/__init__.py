"""Explanations, comparisons and the files for counter and manager."""
