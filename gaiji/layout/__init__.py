"""Which bytes of a record are which field: copybooks, ``[[field]]`` tables, roles."""
