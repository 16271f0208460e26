"""What waits for a person: items, samples, decisions, and their log."""
