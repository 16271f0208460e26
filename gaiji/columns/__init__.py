"""Records, layout and charset together: text columns and findings."""
