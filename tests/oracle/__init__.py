"""A second reading of dumps, which shares no code with ``gaiji``: what a conversion is held against.

``charsets`` reads the mapping files, ``text`` and ``figures`` one field, ``records`` cuts files, ``copybook``
measures copybooks, ``dumps`` makes dumps from a seed, ``check`` compares. Only ``run`` imports gaiji: it converts.
"""
