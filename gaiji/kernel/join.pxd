# Types of gaiji/kernel/join.py when it is compiled.
cimport cython
from libc.string cimport memcpy

cdef int MAX_COLUMNS

cdef class Lines:
    cdef public Py_ssize_t count
    cdef object _keep
    cdef const unsigned char *data[1000]
    cdef const long long *offs[1000]
    cdef unsigned char check[1000]
    cdef _add(self, const unsigned char[::1] data, const long long[::1] offsets, int check)
    @cython.locals(total=cython.Py_ssize_t, i=cython.Py_ssize_t)
    cpdef Py_ssize_t size(self, Py_ssize_t first, Py_ssize_t last)
    @cython.locals(done=cython.Py_ssize_t)
    cpdef Py_ssize_t write(self, unsigned char[::1] out, Py_ssize_t first, Py_ssize_t last, int delimiter, int crlf)

@cython.locals(o=cython.Py_ssize_t, row=cython.Py_ssize_t, i=cython.Py_ssize_t, begin=cython.Py_ssize_t, n=cython.Py_ssize_t)
cdef Py_ssize_t _write_lines(Lines lines, unsigned char[::1] out, Py_ssize_t first, Py_ssize_t last, int delimiter,
    int crlf) noexcept nogil

@cython.locals(found=cython.int, i=cython.Py_ssize_t, b="unsigned char")
cdef int _needs_quotes(const unsigned char *data, Py_ssize_t begin, Py_ssize_t n, unsigned char delimiter) noexcept nogil

@cython.locals(i=cython.Py_ssize_t, b=cython.int)
cdef Py_ssize_t _write_quoted(const unsigned char *data, Py_ssize_t begin, Py_ssize_t n, unsigned char[::1] out,
    Py_ssize_t o) noexcept nogil

@cython.locals(o=cython.Py_ssize_t, row=cython.Py_ssize_t, pos=cython.Py_ssize_t, end=cython.Py_ssize_t,
    used=cython.Py_ssize_t, last=cython.Py_ssize_t, units=cython.Py_ssize_t, size=cython.int, selector=cython.int,
    i=cython.Py_ssize_t)
cpdef Py_ssize_t fit(const unsigned char[::1] data, const long long[::1] offsets, Py_ssize_t width, int wide,
    unsigned char[::1] out, long long[::1] out_offsets, int[::1] bad)

@cython.locals(row=cython.Py_ssize_t, n=cython.Py_ssize_t, at=cython.Py_ssize_t)
cpdef int place(unsigned char[::1] out, Py_ssize_t step, Py_ssize_t offset, const unsigned char[::1] data,
    const long long[::1] offsets) except -1
