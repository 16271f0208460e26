"""The repertoire of the one standard code: MJ and GJ glyphs, and what relates characters."""
