# Types of gaiji/kernel/numbers_back.py when it is compiled.
cimport cython

from gaiji.kernel.encode cimport check_lengths

cdef int ZONED, PACKED, BINARY

@cython.locals(n_rows=cython.Py_ssize_t, blank=cython.int, found=cython.Py_ssize_t, row=cython.Py_ssize_t,
    n=cython.Py_ssize_t, low=cython.Py_ssize_t, spaces=cython.Py_ssize_t, i=cython.Py_ssize_t)
cpdef Py_ssize_t written_as(const unsigned char[::1] src, int kind, int ascii, const long long[::1] starts,
    const long long[::1] ends, unsigned char[::1] kinds) except -1

@cython.locals(n_rows=cython.Py_ssize_t, wrong=cython.Py_ssize_t)
cpdef Py_ssize_t encode_numbers(const unsigned char[::1] src, int kind, int scale, int signed, int ascii,
    const long long[::1] starts, const long long[::1] ends, const long long[::1] widths, unsigned char[::1] out,
    long long[::1] offsets, int[::1] bad) except -1

@cython.locals(o=cython.Py_ssize_t, wrong=cython.Py_ssize_t, row=cython.Py_ssize_t, stop=cython.Py_ssize_t, i=cython.Py_ssize_t)
cdef Py_ssize_t _encode_numbers(const unsigned char[::1] src, int kind, int scale, int signed, int ascii,
    const long long[::1] starts, const long long[::1] ends, const long long[::1] widths, unsigned char[::1] out,
    long long[::1] offsets, int[::1] bad, Py_ssize_t n_rows) noexcept nogil

@cython.locals(negative=cython.int, i=cython.Py_ssize_t, at=cython.Py_ssize_t, room=cython.Py_ssize_t, d=cython.int, sign=cython.int)
cdef int _number(const unsigned char[::1] src, int kind, int scale, int signed, int ascii, Py_ssize_t pos,
    Py_ssize_t end, unsigned char[::1] out, Py_ssize_t o, Py_ssize_t stop) noexcept nogil

cdef void _put_digit(int kind, int ascii, unsigned char[::1] out, Py_ssize_t stop, Py_ssize_t at, int d) noexcept nogil

@cython.locals(i=cython.Py_ssize_t, carry=cython.int, k=cython.Py_ssize_t, top=cython.int, some=cython.int)
cdef int _put_binary(const unsigned char[::1] src, int scale, int signed, int negative, Py_ssize_t pos, Py_ssize_t end,
    unsigned char[::1] out, Py_ssize_t o, Py_ssize_t stop) noexcept nogil
