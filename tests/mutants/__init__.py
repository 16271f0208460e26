"""Mutants made by operators: what is changed (``operators``), where (``targets``), which tests come to it (``seen``), and
whether they see it (``running``). ``tests/mutate.py`` is the command. Owns no test of the toolkit."""
