# Types of gaiji/kernel/numbers.py when it is compiled.
cimport cython

cdef int ZONED, PACKED, BINARY, WRITTEN_LOW, WRITTEN_BLANK, WRITTEN_UNSIGNED, N_WRITTEN
cdef int SIGN_ANY, SIGN_LEADING, SIGN_BEFORE, SIGN_BEHIND, SIGN_NONE, MICROFOCUS, NETCOBOL, TRANSLATED, MINUS

cdef class Numeric:
    cdef int kind, digits, scale, signed, ascii, place, signs, little, blank

@cython.locals(wrong=cython.Py_ssize_t)
cpdef Py_ssize_t numbers(const unsigned char[::1] src, Numeric numeric, const long long[::1] starts,
    const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length, unsigned char[::1] out, long long[::1] offsets,
    int[::1] bad, long long[::1] written)

@cython.locals(n_rows=cython.Py_ssize_t, o=cython.Py_ssize_t, row=cython.Py_ssize_t, pos=cython.Py_ssize_t,
    end=cython.Py_ssize_t, wrong=cython.Py_ssize_t, begin=cython.Py_ssize_t)
cdef Py_ssize_t _numbers(const unsigned char[::1] src, Numeric f, const long long[::1] starts,
    const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length, unsigned char[::1] out, long long[::1] offsets,
    int[::1] bad, long long[::1] written) noexcept nogil

@cython.locals(i=cython.Py_ssize_t)
cdef int _through(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end) noexcept nogil

cdef int _empty(Numeric f, int b, Py_ssize_t size) noexcept nogil

@cython.locals(zone=cython.int)
cdef int _unsigned(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, int kind, int ascii) noexcept nogil

@cython.locals(_=cython.Py_ssize_t)
cdef Py_ssize_t _point(unsigned char[::1] out, Py_ssize_t o, Py_ssize_t count, int scale) noexcept nogil

@cython.locals(negative=cython.int, total=cython.Py_ssize_t, spare=cython.Py_ssize_t, i=cython.Py_ssize_t, b=cython.int, d=cython.int)
cdef Py_ssize_t _packed(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, Numeric f,
    unsigned char[::1] out, Py_ssize_t o, int[::1] bad, Py_ssize_t row) noexcept nogil

@cython.locals(plus=cython.int, minus=cython.int, begin=cython.Py_ssize_t, negative=cython.int, sign=cython.Py_ssize_t,
    first=cython.Py_ssize_t, total=cython.Py_ssize_t, i=cython.Py_ssize_t, b=cython.int, last=cython.int, d=cython.int)
cdef Py_ssize_t _zoned(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, Numeric f,
    unsigned char[::1] out, Py_ssize_t o, int[::1] bad, Py_ssize_t row) noexcept nogil

cdef int _digit(int b, int ascii) noexcept nogil

@cython.locals(d=cython.int, z=cython.int, found=cython.int, other=cython.int)
cdef int _signed(int b, Numeric f) noexcept nogil

cdef int _translated(int b) noexcept nogil

@cython.locals(size=cython.int, value=cython.ulonglong, negative=cython.int, i=cython.int, b=cython.int,
    count=cython.int, rest=cython.ulonglong, width=cython.int, at=cython.Py_ssize_t)
cdef Py_ssize_t _binary(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, Numeric f,
    unsigned char[::1] out, Py_ssize_t o, int[::1] bad, Py_ssize_t row) noexcept nogil
