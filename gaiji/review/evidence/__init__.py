"""What speaks for a candidate: names, shapes, parts."""
