"""Text for systems that hold fewer characters (縮退), and the way back."""
