# Types of gaiji/kernel_encode.py when it is compiled. Every loop of it runs without the GIL.
cimport cython
from libc.string cimport memcmp, memcpy, memset

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define gaiji_prefetch(p) __builtin_prefetch(p)
    #else
    #define gaiji_prefetch(p)
    #endif
    """
    void gaiji_prefetch(const void *p) noexcept nogil

cdef int SHIFTED, LEAD, DECIMAL, UTF8, UTF16, MIXED, DOUBLE, SINGLE, ILLEGAL, BROKEN_SHIFT, OVERFLOW
cdef int FINDING, SLACK, AHEAD, IDENTICAL, FORM, ONE_WAY, FLAGGED, CHANGED, ZONED, PACKED, BINARY
cdef Py_ssize_t MORE, VALUE

cdef class Codes:
    cdef object _keep
    cdef public int kind, little, digits
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

cdef class Pen:
    cdef const unsigned char[::1] _src
    cdef unsigned char[::1] _out
    cdef long long[::1] findings
    cdef const unsigned char *src
    cdef unsigned char *out
    cdef Py_ssize_t start, end, limit, value, used, point, cp, body
    cdef public Py_ssize_t o, n, row, pos, char
    cdef public int units, shifted, full

cdef class Flags:
    cdef const long long[::1] keys
    cdef const long long[::1] at
    cdef const long long[::1] lengths
    cdef const unsigned char *blob
    cdef object _keep
    cdef Py_ssize_t mask

@cython.locals(n_rows=cython.Py_ssize_t)
cpdef Py_ssize_t encode_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] widths, long long[::1] offsets, Py_ssize_t row, Py_ssize_t capacity, Py_ssize_t slots) except -1

cdef int _check(Py_ssize_t rows, Py_ssize_t a, Py_ssize_t b, Py_ssize_t c) except -1

@cython.locals(size=cython.Py_ssize_t, need=cython.Py_ssize_t)
cdef Py_ssize_t _encode_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] widths, long long[::1] offsets, Py_ssize_t row, Py_ssize_t n_rows, Py_ssize_t capacity,
    Py_ssize_t slots) noexcept nogil

@cython.locals(first=cython.Py_ssize_t)
cdef void _encode_one(Codes c, Pen w, int mode, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t width) noexcept nogil

cdef void _text(Codes c, Pen w) noexcept nogil

@cython.locals(src="const unsigned char *", out="unsigned char *", pages="const unsigned short *",
    slots="const unsigned int *", pos=cython.Py_ssize_t, end=cython.Py_ssize_t, o=cython.Py_ssize_t,
    stop=cython.Py_ssize_t, done=cython.Py_ssize_t, b="unsigned int", n=cython.Py_ssize_t, code="unsigned int",
    value="unsigned int", size="unsigned int", wide="unsigned int")
cdef void _run(Codes c, Pen w) noexcept nogil

@cython.locals(size=cython.Py_ssize_t, reason=cython.int)
cdef void _slow(Codes c, Pen w) noexcept nogil

@cython.locals(n=cython.int, first=cython.Py_ssize_t, best=cython.Py_ssize_t, after=cython.Py_ssize_t, selector=cython.int)
cdef void _match(Codes c, Pen w, Py_ssize_t pos) noexcept nogil

@cython.locals(after=cython.Py_ssize_t, n=cython.int, i=cython.Py_ssize_t, key=cython.Py_ssize_t)
cdef Py_ssize_t _steps(Codes c, Pen w, Py_ssize_t state, Py_ssize_t pos, Py_ssize_t best) noexcept nogil

@cython.locals(src="const unsigned char *", end=cython.Py_ssize_t, b=cython.int, n=cython.int, i=cython.int, cp=cython.Py_ssize_t)
cdef int _point(Pen w, Py_ssize_t pos) noexcept nogil

@cython.locals(i=cython.int, size=cython.int, code=cython.Py_ssize_t, wide=cython.int, need=cython.int)
cdef int _put(Codes c, Pen w, Py_ssize_t value) noexcept nogil

cdef int _width(Codes c, Py_ssize_t cp) noexcept nogil

@cython.locals(out="unsigned char *", o=cython.Py_ssize_t, i=cython.int, low=cython.Py_ssize_t)
cdef void _write(Codes c, Pen w, Py_ssize_t code, int size) noexcept nogil

@cython.locals(i=cython.int)
cdef void _bytes(Pen w, const unsigned char *data, int n) noexcept nogil

cdef void _pad(Codes c, Pen w, int mode, Py_ssize_t stop) noexcept nogil

@cython.locals(at=cython.Py_ssize_t)
cdef void _note(Pen w, Py_ssize_t code, Py_ssize_t size, int reason) noexcept nogil

@cython.locals(n_rows=cython.Py_ssize_t, found=cython.Py_ssize_t)
cpdef Py_ssize_t same_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const unsigned char[::1] source, const long long[::1] s_starts, const long long[::1] s_ends, Py_ssize_t offset,
    Py_ssize_t length, int padded, long long[::1] differ, long long[::1] forms) except -1

@cython.locals(found=cython.Py_ssize_t, other=cython.Py_ssize_t, row=cython.Py_ssize_t, pos=cython.Py_ssize_t,
    end=cython.Py_ssize_t, same=cython.int)
cdef Py_ssize_t _same_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const unsigned char[::1] source, const long long[::1] s_starts, const long long[::1] s_ends, Py_ssize_t offset,
    Py_ssize_t length, int padded, long long[::1] differ, long long[::1] forms, Py_ssize_t n_rows) noexcept nogil

@cython.locals(at=cython.Py_ssize_t, i=cython.Py_ssize_t)
cdef int _padded_inside(Codes c, Pen w, const unsigned char[::1] source, Py_ssize_t pos, Py_ssize_t end) noexcept nogil

@cython.locals(n_rows=cython.Py_ssize_t)
cpdef Py_ssize_t compare_rows(Codes c, Pen w, Flags flags, const long long[::1] rows, Py_ssize_t first,
    const long long[::1] starts, const long long[::1] ends, const unsigned int[::1] units,
    const long long[::1] unit_ends, const unsigned char[::1] flagged, int trim, Py_ssize_t cut,
    unsigned char[::1] classes, long long[::1] notes) except -1

@cython.locals(room=cython.Py_ssize_t, row=cython.Py_ssize_t)
cdef Py_ssize_t _compare_rows(Codes c, Pen w, Flags flags, const long long[::1] rows, Py_ssize_t i,
    const long long[::1] starts, const long long[::1] ends, const unsigned int[::1] units,
    const long long[::1] unit_ends, const unsigned char[::1] flagged, int trim, Py_ssize_t cut,
    unsigned char[::1] classes, long long[::1] notes, Py_ssize_t n_rows) noexcept nogil

@cython.locals(at=cython.Py_ssize_t, unit=cython.Py_ssize_t, reason=cython.int, found=cython.int)
cdef Py_ssize_t _compare_one(Codes c, Pen w, Flags flags, const unsigned int[::1] units, Py_ssize_t first,
    Py_ssize_t last, int trim, Py_ssize_t cut, long long[::1] notes, Py_ssize_t n) noexcept nogil

@cython.locals(size=cython.Py_ssize_t, i=cython.Py_ssize_t, after=cython.Py_ssize_t, same=cython.int)
cdef int _stands(Codes c, Pen w, Flags flags, Py_ssize_t unit) noexcept nogil

@cython.locals(n=cython.Py_ssize_t, code=cython.Py_ssize_t, size=cython.int, i=cython.Py_ssize_t)
cdef int _cut_short(Codes c, Pen w, Flags flags, Py_ssize_t unit) noexcept nogil

@cython.locals(used=cython.Py_ssize_t, limit=cython.Py_ssize_t, unit=cython.Py_ssize_t)
cdef int _too_long(Codes c, Pen w, Flags flags, const unsigned int[::1] units, Py_ssize_t at, Py_ssize_t last,
    Py_ssize_t cut) noexcept nogil

@cython.locals(used=cython.Py_ssize_t, i=cython.Py_ssize_t)
cdef Py_ssize_t _room(const unsigned char *data, Py_ssize_t at, Py_ssize_t n, Py_ssize_t cut) noexcept nogil

@cython.locals(size=cython.int, code=cython.Py_ssize_t, i=cython.Py_ssize_t)
cdef Py_ssize_t _reading(Codes c, Flags flags, Py_ssize_t unit, Py_ssize_t cut) noexcept nogil

@cython.locals(size=cython.int, code=cython.Py_ssize_t, n=cython.int)
cdef Py_ssize_t _reads(Codes c, Pen w, Py_ssize_t unit) noexcept nogil

@cython.locals(i=cython.Py_ssize_t)
cdef int _equal(Pen w, const unsigned char *blob, Py_ssize_t at, Py_ssize_t n) noexcept nogil

cdef int _blank_units(Codes c, const unsigned int[::1] units, Py_ssize_t at, Py_ssize_t last) noexcept nogil

@cython.locals(size=cython.int, code=cython.Py_ssize_t, n=cython.int, at=cython.Py_ssize_t)
cdef int _blank(Codes c, Py_ssize_t unit) noexcept nogil

cdef void _skip_blanks(Pen w) noexcept nogil

@cython.locals(at=cython.Py_ssize_t, size=cython.Py_ssize_t)
cdef Py_ssize_t _record(Pen w, long long[::1] notes, Py_ssize_t n, Py_ssize_t position, Py_ssize_t unit, int what) noexcept nogil

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

@cython.locals(n_rows=cython.Py_ssize_t, row=cython.Py_ssize_t, found=cython.Py_ssize_t, n=cython.Py_ssize_t, same=cython.int)
cpdef Py_ssize_t same_text(const unsigned char[::1] data, const long long[::1] offsets, const unsigned char[::1] src,
    const long long[::1] starts, const long long[::1] ends, long long[::1] differ) except -1

cpdef Py_ssize_t scan_cells(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int delimiter, int crlf,
    Py_ssize_t columns, Py_ssize_t first, Py_ssize_t rows, long long[::1] starts, long long[::1] ends) except -1

@cython.locals(column=cython.Py_ssize_t, begin=cython.Py_ssize_t)
cdef Py_ssize_t _scan_cells(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int delimiter, int crlf,
    Py_ssize_t columns, Py_ssize_t first, Py_ssize_t rows, long long[::1] starts, long long[::1] ends) noexcept nogil

@cython.locals(row=cython.Py_ssize_t, pos=cython.Py_ssize_t, end=cython.Py_ssize_t)
cpdef void fixed_cells(const unsigned char[::1] src, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t offset,
    Py_ssize_t width, long long[::1] starts, long long[::1] ends)

@cython.locals(row=cython.Py_ssize_t, n=cython.Py_ssize_t, at=cython.Py_ssize_t)
cpdef int place(unsigned char[::1] out, Py_ssize_t step, Py_ssize_t offset, const unsigned char[::1] data,
    const long long[::1] offsets) except -1
