# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that find the cells of an output that is read back: delimited and fixed lines.

Like ``gaiji.kernel.decode`` it is one source, compiled or interpreted, and imports nothing of the toolkit.
Scans never read past ``n``.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython


def scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends):
    """Cells of lines without quotes, from ``pos``: column-major, cell (row, column) at ``column * rows +
    row``.

    Starts at row ``first``; stops before a line that is not whole, has a cell that begins with a quote, or
    has another number of cells. Returns the next row to do.
    """
    if cython.compiled:
        with cython.nogil:
            first = _scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends)
    else:
        first = _scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends)
    return first


def _scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends):
    while first < rows:
        for column in range(columns):
            begin = pos
            if pos < n and src[pos] == 34:
                return first
            while pos < n and src[pos] != delimiter and src[pos] != 10:
                pos += 1
            if pos >= n or (src[pos] == 10) != (column == columns - 1):
                return first
            starts[column * rows + first] = begin
            ends[column * rows + first] = pos
            pos += 1
        if crlf:
            if pos < 2 or src[pos - 2] != 13:
                return first
            ends[(columns - 1) * rows + first] -= 1
        first += 1
    return first


def fixed_cells(src, rows, step, offset, width, starts, ends):
    """Cells of fixed-length lines of ``step`` bytes, without the spaces at their end."""
    for row in range(rows):
        pos = row * step + offset
        end = pos + width
        while end > pos and src[end - 1] == 0x20:
            end -= 1
        starts[row] = pos
        ends[row] = end
