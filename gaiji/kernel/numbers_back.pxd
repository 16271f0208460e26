# Types of gaiji/kernel/numbers_back.py when it is compiled.
cimport cython

from gaiji.kernel.encode cimport check_lengths

cdef int ZONED, PACKED, BINARY
cdef int SIGN_ANY, SIGN_LEADING, SIGN_BEFORE, SIGN_BEHIND, SIGN_NONE, MICROFOCUS, NETCOBOL, TRANSLATED

cdef class Numeric:
    cdef int kind, digits, scale, signed, ascii, place, signs, little

@cython.locals(n_rows=cython.Py_ssize_t, blank=cython.int, found=cython.Py_ssize_t, row=cython.Py_ssize_t,
    n=cython.Py_ssize_t, low=cython.Py_ssize_t, spaces=cython.Py_ssize_t, i=cython.Py_ssize_t)
cpdef Py_ssize_t written_as(const unsigned char[::1] src, int kind, int ascii, const long long[::1] starts,
    const long long[::1] ends, unsigned char[::1] kinds) except -1

@cython.locals(n_rows=cython.Py_ssize_t, wrong=cython.Py_ssize_t)
cpdef Py_ssize_t encode_numbers(const unsigned char[::1] src, Numeric numeric,
    const long long[::1] starts, const long long[::1] ends, const long long[::1] widths, unsigned char[::1] out,
    long long[::1] offsets, int[::1] bad) except -1

@cython.locals(o=cython.Py_ssize_t, wrong=cython.Py_ssize_t, row=cython.Py_ssize_t, stop=cython.Py_ssize_t, i=cython.Py_ssize_t)
cdef Py_ssize_t _encode_numbers(const unsigned char[::1] src, Numeric f,
    const long long[::1] starts, const long long[::1] ends, const long long[::1] widths, unsigned char[::1] out,
    long long[::1] offsets, int[::1] bad, Py_ssize_t n_rows) noexcept nogil

@cython.locals(negative=cython.int, first=cython.Py_ssize_t, last=cython.Py_ssize_t, i=cython.Py_ssize_t, at=cython.Py_ssize_t,
    room=cython.Py_ssize_t, d=cython.int)
cdef int _number(const unsigned char[::1] src, Numeric f, Py_ssize_t pos,
    Py_ssize_t end, unsigned char[::1] out, Py_ssize_t o, Py_ssize_t stop) noexcept nogil

@cython.locals(i=cython.Py_ssize_t)
cdef int _is_number(const unsigned char[::1] src, Numeric f, Py_ssize_t pos, Py_ssize_t end) noexcept nogil

cdef Py_ssize_t _room(Numeric f, Py_ssize_t size) noexcept nogil

cdef void _put_digit(Numeric f, unsigned char[::1] out, Py_ssize_t last, Py_ssize_t at, int d) noexcept nogil

@cython.locals(at=cython.Py_ssize_t)
cdef void _put_sign(Numeric f, int negative, unsigned char[::1] out, Py_ssize_t o, Py_ssize_t stop) noexcept nogil

cdef int _apart(Numeric f, int negative) noexcept nogil

cdef int _half(Numeric f, int negative) noexcept nogil

cdef int _ascii(Numeric f, int d, int negative) noexcept nogil

@cython.locals(i=cython.Py_ssize_t, carry=cython.int, k=cython.Py_ssize_t, top=cython.int, some=cython.int, count=cython.int)
cdef int _put_binary(const unsigned char[::1] src, Numeric f, int negative, Py_ssize_t pos, Py_ssize_t end,
    unsigned char[::1] out, Py_ssize_t o, Py_ssize_t stop) noexcept nogil

@cython.locals(found=cython.Py_ssize_t, i=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef Py_ssize_t same_numbers(const unsigned char[::1] src, Numeric numeric, const long long[::1] starts,
    const long long[::1] ends, const unsigned char[::1] text, const long long[::1] text_starts,
    const long long[::1] text_ends, const long long[::1] rows, unsigned char[::1] same) except -1

@cython.locals(negative=cython.int, sign=cython.Py_ssize_t)
cdef int _means(const unsigned char[::1] src, Numeric f, Py_ssize_t pos, Py_ssize_t end,
    const unsigned char[::1] text, Py_ssize_t at, Py_ssize_t stop) noexcept nogil

@cython.locals(room=cython.Py_ssize_t, k=cython.Py_ssize_t, wanted=cython.int, found=cython.int)
cdef int _same_digits(const unsigned char[::1] src, Numeric f, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t sign,
    const unsigned char[::1] text, Py_ssize_t at, Py_ssize_t stop) noexcept nogil

@cython.locals(at=cython.Py_ssize_t, b=cython.int)
cdef int _found_digit(const unsigned char[::1] src, Numeric f, Py_ssize_t end, Py_ssize_t k, Py_ssize_t sign) noexcept nogil

cdef int _half_minus(int b) noexcept nogil

cdef int _zone_minus(int b, Numeric f) noexcept nogil

cdef int _zone_digit(int b, Numeric f) noexcept nogil
