# Types of gaiji/kernel/recut.py when it is compiled.
cimport cython

cdef int FRESH, INSIDE, QUOTED, CLOSED, GOES_ON, ENDED, NEXT, STOPPED, WRONG_COUNT, BEHIND_QUOTE, NEVER_CLOSED
cdef int BLANK_BEFORE_QUOTE, REFUSED, PASSED_OVER, TEXT, MAY, OUT_OF

cdef class Cells:
    cdef int delimiter, quote, unit, big, stop, cr, blank, spaces, ragged, trailing, shifting
    cdef object _keep
    cdef const unsigned char *lead
    cdef const unsigned char *trail
    cdef const unsigned char *shifts
    cdef public Py_ssize_t pos, o, rows, count, at, ends_of_lines, marks, quoting, passed
    cdef public int error
    cdef Py_ssize_t to, put, line, quoted, gone, told
    cdef int place, double
    cpdef void restart(self) noexcept

cpdef Py_ssize_t read_rows(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final, Py_ssize_t columns,
    Py_ssize_t most, unsigned char[::1] out, long long[::1] begins, long long[::1] ends)

cdef int _unit(Cells s, const unsigned char[::1] src, Py_ssize_t pos) noexcept nogil

@cython.locals(k=cython.Py_ssize_t, count=cython.Py_ssize_t, begin=cython.Py_ssize_t, over=cython.int)
cdef int _read_row(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final, Py_ssize_t columns,
    unsigned char[::1] out, long long[::1] begins, long long[::1] ends) noexcept nogil

cdef int _whole(Cells s, Py_ssize_t columns, Py_ssize_t count, Py_ssize_t k, long long[::1] begins,
    long long[::1] ends) noexcept nogil

@cython.locals(blanks=cython.Py_ssize_t)
cdef int _step(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final, unsigned char[::1] out) noexcept nogil

@cython.locals(i=cython.int)
cdef int _inside_quotes(Cells s, const unsigned char[::1] src, Py_ssize_t n,
    unsigned char[::1] out) noexcept nogil

@cython.locals(pos=cython.Py_ssize_t)
cdef Py_ssize_t _blanks(Cells s, const unsigned char[::1] src, Py_ssize_t n) noexcept nogil

@cython.locals(i=cython.int, size=cython.int)
cdef void _copy(Cells s, const unsigned char[::1] src, Py_ssize_t n, unsigned char[::1] out) noexcept nogil

@cython.locals(c=cython.int, two=cython.int, kind=cython.int)
cdef int _size(Cells s, const unsigned char[::1] src, Py_ssize_t n) noexcept nogil

cdef int _last(Cells s, const unsigned char[::1] src, Py_ssize_t rest, int final, unsigned char[::1] out) noexcept nogil

cdef int _wrong(Cells s, int error, Py_ssize_t at) noexcept nogil

@cython.locals(c=cython.int)
cdef Py_ssize_t _line(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final) noexcept nogil

@cython.locals(c=cython.int)
cdef int _shift(Cells s, const unsigned char[::1] src, Py_ssize_t n) noexcept nogil

cdef class Blanks:
    cdef object _keep
    cdef const unsigned char *alone
    cdef const unsigned char *pairs
    cdef const unsigned char *three
    cdef public int n_pairs, n_three, unit
    cdef public Py_ssize_t size, other, row, at

@cython.locals(row=cython.Py_ssize_t, a=cython.Py_ssize_t, z=cython.Py_ssize_t, pos=cython.Py_ssize_t, width=cython.int)
cpdef void look(Blanks b, const unsigned char[::1] src, const long long[::1] starts, const long long[::1] ends,
    Py_ssize_t begin, Py_ssize_t stop, unsigned char[::1] rows)

@cython.locals(i=cython.int, three=cython.bint)
cdef int _blank(Blanks b, const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end) noexcept nogil

@cython.locals(row=cython.Py_ssize_t)
cpdef void each(Py_ssize_t begin, Py_ssize_t step, Py_ssize_t length, long long[::1] starts, long long[::1] ends)

@cython.locals(row=cython.Py_ssize_t, at=cython.Py_ssize_t, to=cython.Py_ssize_t)
cpdef void within(const long long[::1] starts, const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length,
    long long[::1] begin, long long[::1] stop)

@cython.locals(row=cython.Py_ssize_t, total=cython.Py_ssize_t)
cpdef Py_ssize_t widths(const long long[::1] begin, const long long[::1] stop, long long[::1] out)
