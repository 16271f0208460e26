"""The output encoded back and compared with the source."""
