# Types of gaiji/kernel/encode.py when it is compiled. Every loop of it runs without the GIL.
cimport cython
from libc.string cimport memset

from gaiji.kernel.points cimport suffix_point, utf8_width

cdef int SHIFTED, LEAD, DECIMAL, UTF8, UTF16, MIXED, DOUBLE, SINGLE, ILLEGAL, BROKEN_SHIFT, OVERFLOW, FINDING, SLACK, JOINED
cdef Py_ssize_t MORE, VALUE

cdef class Codes:
    cdef object _keep
    cdef public int kind, little, digits, half
    cdef public Py_ssize_t geta
    cdef Py_ssize_t mask, n_double, n_triple
    cdef int n_in, n_out, pad_single, pad_hi, pad_lo
    cdef const unsigned char *shift_in
    cdef const unsigned char *shift_out
    cdef const unsigned char *blob
    cdef const unsigned char *len1
    cdef const unsigned char *len2
    cdef const unsigned char *len3
    cdef const unsigned short[::1] _pages
    cdef const unsigned int[::1] _slots
    cdef const long long[::1] _keys
    cdef const unsigned int[::1] _values
    cdef const long long[::1] _nexts
    cdef const unsigned int[::1] _at1
    cdef const unsigned int[::1] _at2
    cdef const unsigned int[::1] _at3
    cdef const unsigned short *pages
    cdef const unsigned int *slots
    cdef const long long *keys
    cdef const unsigned int *values
    cdef const long long *nexts
    cdef const unsigned int *at1
    cdef const unsigned int *at2
    cdef const unsigned int *at3
    cdef const unsigned int[::1] keys3

cdef class Pen:
    cdef const unsigned char[::1] _src
    cdef unsigned char[::1] _out
    cdef long long[::1] findings
    cdef const unsigned char *src
    cdef unsigned char *out
    cdef Py_ssize_t start, end, limit, value, used, point, cp, body
    cdef public Py_ssize_t o, n, row, pos, char, blank
    cdef public int units, shifted, full

@cython.locals(n_rows=cython.Py_ssize_t)
cpdef Py_ssize_t encode_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] widths, long long[::1] offsets, Py_ssize_t row, Py_ssize_t capacity, Py_ssize_t slots) except -1

cdef int check_lengths(Py_ssize_t rows, Py_ssize_t a, Py_ssize_t b, Py_ssize_t c) except -1

@cython.locals(size=cython.Py_ssize_t, need=cython.Py_ssize_t)
cdef Py_ssize_t _encode_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] widths, long long[::1] offsets, Py_ssize_t row, Py_ssize_t n_rows, Py_ssize_t capacity,
    Py_ssize_t slots) noexcept nogil

@cython.locals(first=cython.Py_ssize_t)
cdef void encode_one(Codes c, Pen w, int mode, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t width) noexcept nogil

cdef void _text(Codes c, Pen w) noexcept nogil

@cython.locals(src="const unsigned char *", out="unsigned char *", pages="const unsigned short *",
    slots="const unsigned int *", pos=cython.Py_ssize_t, end=cython.Py_ssize_t, o=cython.Py_ssize_t,
    stop=cython.Py_ssize_t, done=cython.Py_ssize_t, b="unsigned int", n=cython.Py_ssize_t, code="unsigned int",
    value="unsigned int", size="unsigned int", wide="unsigned int")
cdef void _run(Codes c, Pen w) noexcept nogil

@cython.locals(size=cython.Py_ssize_t, reason=cython.int)
cdef void _slow(Codes c, Pen w) noexcept nogil

@cython.locals(n=cython.int, first=cython.Py_ssize_t, best=cython.Py_ssize_t, after=cython.Py_ssize_t, selector=cython.int)
cdef void match_text(Codes c, Pen w, Py_ssize_t pos) noexcept nogil

@cython.locals(after=cython.Py_ssize_t, n=cython.int, i=cython.Py_ssize_t, key=cython.Py_ssize_t)
cdef Py_ssize_t _steps(Codes c, Pen w, Py_ssize_t state, Py_ssize_t pos, Py_ssize_t best) noexcept nogil

@cython.locals(src="const unsigned char *", end=cython.Py_ssize_t, b=cython.int, n=cython.int, i=cython.int, cp=cython.Py_ssize_t)
cdef int read_point(Pen w, Py_ssize_t pos) noexcept nogil

@cython.locals(i=cython.int, size=cython.int, code=cython.Py_ssize_t, blank=cython.int, wide=cython.int, need=cython.int)
cdef int _put(Codes c, Pen w, Py_ssize_t value) noexcept nogil
@cython.locals(pos=cython.Py_ssize_t, value="unsigned int")
cdef int _wide_follows(Codes c, Pen w) noexcept nogil

@cython.locals(base=cython.Py_ssize_t, mark=cython.Py_ssize_t, first=cython.int, second=cython.int)
cdef int _put_sequence(Codes c, Pen w, Py_ssize_t code) noexcept nogil

cdef int _width(Codes c, Py_ssize_t cp) noexcept nogil

@cython.locals(out="unsigned char *", o=cython.Py_ssize_t, i=cython.int, low=cython.Py_ssize_t)
cdef void _write(Codes c, Pen w, Py_ssize_t code, int size) noexcept nogil

@cython.locals(i=cython.int)
cdef void _bytes(Pen w, const unsigned char *data, int n) noexcept nogil

cdef void _pad(Codes c, Pen w, int mode, Py_ssize_t stop) noexcept nogil

@cython.locals(at=cython.Py_ssize_t)
cdef void _note(Pen w, Py_ssize_t code, Py_ssize_t size, int reason) noexcept nogil
