# Types of gaiji/kernel/cut.py when it is compiled.
cimport cython

cdef int OK, BAD_RDW, BAD_BDW, OPEN_QUOTE, BAD_QUOTE, COLUMNS, TRUNCATED, NO_LINE_END, UNKNOWN

cdef class Scan:
    cdef public Py_ssize_t pos, rows, at, block_left, cells, begin, end, left
    cdef public Py_ssize_t descriptors, line_ends, delimiters, quotes, end_mark
    cdef public int error
    cpdef void clear(self) noexcept

cdef class Descriptors:
    cdef int blocked, spanned, place, little, more, block_place, block_little, block_more

@cython.locals(limit=cython.Py_ssize_t)
cpdef Py_ssize_t scan_vb(Scan s, unsigned char[::1] src, Py_ssize_t n, Descriptors d, long long[::1] starts,
    long long[::1] ends, int final)

@cython.locals(size=cython.Py_ssize_t, block=cython.Py_ssize_t, length=cython.Py_ssize_t, flag=cython.int,
    i=cython.Py_ssize_t)
cdef int _vb_record(Scan s, unsigned char[::1] src, Py_ssize_t n, Descriptors d, int join) noexcept

cdef Py_ssize_t _described(const unsigned char[::1] src, Py_ssize_t pos, int place, int little, int block) noexcept

@cython.locals(flag=cython.int)
cdef int _segment(const unsigned char[::1] src, Py_ssize_t pos, int place) noexcept

@cython.locals(limit=cython.Py_ssize_t, pos=cython.Py_ssize_t, begin=cython.Py_ssize_t, end=cython.Py_ssize_t)
cpdef Py_ssize_t scan_lines(Scan s, const unsigned char[::1] src, Py_ssize_t n, int unit, int big,
    long long[::1] starts, long long[::1] ends, int final)

cdef bint _end_mark(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int unit, int big) noexcept nogil

cdef int _at(const unsigned char[::1] src, Py_ssize_t pos, int unit, int big) noexcept nogil

cdef class Dialect:
    cdef int delimiter, quote, unit, big
    cdef object _keep
    cdef const unsigned char *lead

cpdef Py_ssize_t scan_csv(Scan s, unsigned char[::1] src, Py_ssize_t n, Dialect dialect, Py_ssize_t columns,
    Py_ssize_t rows, long long[::1] starts, long long[::1] ends, int final)

@cython.locals(unit=cython.int, pos=cython.Py_ssize_t, cell=cython.Py_ssize_t, begin=cython.Py_ssize_t,
    stop=cython.Py_ssize_t, quoted=cython.int, width=cython.Py_ssize_t, quotes=cython.Py_ssize_t,
    i=cython.Py_ssize_t)
cdef int _csv_row(Scan s, unsigned char[::1] src, Py_ssize_t n, Dialect d, Py_ssize_t columns, Py_ssize_t rows,
    long long[::1] starts, long long[::1] ends, int final) noexcept nogil

@cython.locals(unit=cython.int, c=cython.int, width=cython.Py_ssize_t)
cdef Py_ssize_t _cell_end(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, Dialect d,
    int final) noexcept nogil

@cython.locals(c=cython.int)
cdef Py_ssize_t _line_end(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int unit, int big,
    int final) noexcept nogil

@cython.locals(unit=cython.int, c=cython.int)
cdef Py_ssize_t _behind_quote(Scan s, unsigned char[::1] src, Py_ssize_t n, Dialect d, Py_ssize_t pos,
    int final) noexcept nogil

@cython.locals(unit=cython.int, put=cython.Py_ssize_t, pos=cython.Py_ssize_t, c=cython.int, i=cython.int)
cdef Py_ssize_t _undo_quotes(unsigned char[::1] src, Py_ssize_t begin, Py_ssize_t stop, Dialect d) noexcept nogil

cpdef Py_ssize_t csv_skip(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int unit, int big)

@cython.locals(total=cython.Py_ssize_t, longest=cython.Py_ssize_t, row=cython.Py_ssize_t, size=cython.Py_ssize_t)
cpdef extent(const long long[::1] starts, const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length)

cpdef Py_ssize_t scan_cells(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int delimiter, int crlf,
    Py_ssize_t columns, Py_ssize_t first, Py_ssize_t rows, long long[::1] starts, long long[::1] ends) except -1

@cython.locals(column=cython.Py_ssize_t, begin=cython.Py_ssize_t)
cdef Py_ssize_t _scan_cells(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int delimiter, int crlf,
    Py_ssize_t columns, Py_ssize_t first, Py_ssize_t rows, long long[::1] starts, long long[::1] ends) noexcept nogil

@cython.locals(row=cython.Py_ssize_t, pos=cython.Py_ssize_t, end=cython.Py_ssize_t)
cpdef void fixed_cells(const unsigned char[::1] src, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t offset,
    Py_ssize_t width, long long[::1] starts, long long[::1] ends)
