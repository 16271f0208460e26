"""Text columns into files, and those files read back."""
