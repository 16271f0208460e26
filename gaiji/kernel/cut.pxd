# Types of gaiji/kernel/cut.py when it is compiled.
cimport cython
from libc.string cimport memcpy

cdef int OK, OPEN_QUOTE, BAD_QUOTE, COLUMNS, SPACED, INLINE

cdef class Scan:
    cdef public Py_ssize_t pos, rows, at, block_left, cells, begin, end, left, inside
    cdef public Py_ssize_t descriptors, line_ends, delimiters, quotes, blanks
    cdef public Py_ssize_t line, marks, quoting, around
    cdef public int error
    cpdef void clear(self) noexcept

@cython.locals(limit=cython.Py_ssize_t, pos=cython.Py_ssize_t, begin=cython.Py_ssize_t, end=cython.Py_ssize_t)
cpdef Py_ssize_t scan_lines(Scan s, const unsigned char[::1] src, Py_ssize_t n, int unit, int big, int stop,
    int cr, long long[::1] starts, long long[::1] ends, int final)

cdef int _at(const unsigned char[::1] src, Py_ssize_t pos, int unit, int big) noexcept nogil

cdef class Dialect:
    cdef int delimiter, quote, unit, big, stop, cr, blank, spaces, ragged, trailing, shifted
    cdef object _keep
    cdef const unsigned char *lead
    cdef const unsigned char *trail
    cdef const unsigned char *shifts

@cython.locals(c=cython.int, kind=cython.int)
cdef int _width(Scan s, unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, Dialect d) noexcept nogil

cpdef Py_ssize_t scan_csv(Scan s, unsigned char[::1] src, Py_ssize_t n, Dialect dialect, Py_ssize_t columns,
    Py_ssize_t rows, long long[::1] starts, long long[::1] ends, int final)

@cython.locals(unit=cython.int, pos=cython.Py_ssize_t, cell=cython.Py_ssize_t, begin=cython.Py_ssize_t,
    stop=cython.Py_ssize_t, behind=cython.Py_ssize_t, quoted=cython.int, c=cython.int)
cdef int _csv_row(Scan s, unsigned char[::1] src, Py_ssize_t n, Dialect d, Py_ssize_t columns, Py_ssize_t rows,
    long long[::1] starts, long long[::1] ends, int final) noexcept nogil

@cython.locals(before=cython.Py_ssize_t, ends=cython.int)
cdef Py_ssize_t _line_begin(unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, Dialect d,
    Py_ssize_t behind) noexcept nogil

@cython.locals(i=cython.Py_ssize_t, end=cython.Py_ssize_t)
cdef int _row_done(Scan s, unsigned char[::1] src, Dialect d, Py_ssize_t cell, Py_ssize_t columns,
    Py_ssize_t rows, long long[::1] starts, long long[::1] ends, Py_ssize_t stop) noexcept nogil

@cython.locals(begin=cython.Py_ssize_t)
cdef Py_ssize_t _cell_start(Scan s, unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, Dialect d) noexcept nogil

@cython.locals(unit=cython.int, c=cython.int, stops=cython.int)
cdef Py_ssize_t _cell_end(Scan s, unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, Dialect d,
    Py_ssize_t begin, int quoted, int final) noexcept nogil

cdef int _shift(unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, Dialect d) noexcept nogil

@cython.locals(unit=cython.int)
cdef Py_ssize_t _behind_quote(Scan s, unsigned char[::1] src, Py_ssize_t n, Dialect d, Py_ssize_t pos,
    int final) noexcept nogil

@cython.locals(put=cython.Py_ssize_t, pos=cython.Py_ssize_t, i=cython.int, size=cython.int)
cdef Py_ssize_t _undo_quotes(Scan s, unsigned char[::1] src, Py_ssize_t begin, Py_ssize_t stop,
    Dialect d) noexcept nogil

cpdef Py_ssize_t csv_skip(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int unit, int big, int stop)

@cython.locals(total=cython.Py_ssize_t, longest=cython.Py_ssize_t, row=cython.Py_ssize_t, size=cython.Py_ssize_t)
cpdef extent(const long long[::1] starts, const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length)

@cython.locals(at=cython.Py_ssize_t, i=cython.Py_ssize_t, size=cython.Py_ssize_t, begin=cython.Py_ssize_t)
cpdef place_views(const int[::1] table, const long long[::1] places, Py_ssize_t base, long long[::1] starts,
    long long[::1] ends, Py_ssize_t row)

@cython.locals(at=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef Py_ssize_t place_values(list values, long long[::1] starts, long long[::1] ends)

@cython.locals(row=cython.Py_ssize_t, value=bytes, data="const char *")
cpdef put_values(list values, const long long[::1] starts, const long long[::1] ends, unsigned char[::1] out)
