# Types of gaiji/kernel/recut.py when it is compiled.
cimport cython

cdef int FRESH, INSIDE, QUOTED, CLOSED, GOES_ON, ENDED, NEXT, STOPPED, WRONG_COUNT, BEHIND_QUOTE, NEVER_CLOSED

cdef class Cells:
    cdef int delimiter, quote, unit, big
    cdef object _lead
    cdef const unsigned char *lead
    cdef public Py_ssize_t pos, o, rows, count, at, ends_of_lines, marks, quoting, stop
    cdef public int error
    cdef Py_ssize_t to, put, line, quoted
    cdef int place
    cpdef void restart(self) noexcept

cpdef Py_ssize_t read_rows(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final, Py_ssize_t columns,
    Py_ssize_t most, unsigned char[::1] out, long long[::1] begins, long long[::1] ends)

cdef int _unit(Cells s, const unsigned char[::1] src, Py_ssize_t pos) noexcept nogil

@cython.locals(k=cython.Py_ssize_t, count=cython.Py_ssize_t, begin=cython.Py_ssize_t, over=cython.int)
cdef int _read_row(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final, Py_ssize_t columns,
    unsigned char[::1] out, long long[::1] begins, long long[::1] ends) noexcept nogil

@cython.locals(rest=cython.Py_ssize_t, c=cython.int, width=cython.int, i=cython.int)
cdef int _step(Cells s, const unsigned char[::1] src, Py_ssize_t n, int final, unsigned char[::1] out) noexcept nogil

cdef int _last(Cells s, const unsigned char[::1] src, Py_ssize_t rest, int final, unsigned char[::1] out) noexcept nogil

cdef int _wrong(Cells s, int error, Py_ssize_t at) noexcept nogil

@cython.locals(c=cython.int, rest=cython.Py_ssize_t)
cdef Py_ssize_t _line(Cells s, const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int final) noexcept nogil

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
