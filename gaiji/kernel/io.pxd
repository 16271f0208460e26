# Types of gaiji/kernel_io.py when it is compiled.
cimport cython
from libc.string cimport memcpy

cdef int OK, BAD_RDW, BAD_BDW, OPEN_QUOTE, BAD_QUOTE, COLUMNS, TRUNCATED, ZONED, PACKED, BINARY, MAX_COLUMNS

cdef class Scan:
    cdef public Py_ssize_t pos, rows, at, block_left, cells
    cdef public int error

@cython.locals(limit=cython.Py_ssize_t, size=cython.Py_ssize_t)
cpdef Py_ssize_t scan_vb(Scan s, const unsigned char[::1] src, Py_ssize_t n, int blocked, long long[::1] starts,
    long long[::1] ends, int final)

@cython.locals(limit=cython.Py_ssize_t, pos=cython.Py_ssize_t, begin=cython.Py_ssize_t, end=cython.Py_ssize_t)
cpdef Py_ssize_t scan_lines(Scan s, const unsigned char[::1] src, Py_ssize_t n, int unit, int big,
    long long[::1] starts, long long[::1] ends, int final)

cdef int _at(const unsigned char[::1] src, Py_ssize_t pos, int unit, int big) noexcept nogil

cpdef Py_ssize_t scan_csv(Scan s, unsigned char[::1] src, Py_ssize_t n, int delimiter, int quote, int unit, int big,
    const unsigned char[::1] lead, Py_ssize_t columns, Py_ssize_t rows, long long[::1] starts, long long[::1] ends,
    int final)

@cython.locals(pos=cython.Py_ssize_t, cell=cython.Py_ssize_t, begin=cython.Py_ssize_t,
    stop=cython.Py_ssize_t, quoted=cython.int, c=cython.int, i=cython.Py_ssize_t)
cdef int _csv_row(Scan s, unsigned char[::1] src, Py_ssize_t n, int delimiter, int quote, int unit, int big,
    const unsigned char[::1] lead, Py_ssize_t columns, Py_ssize_t rows, long long[::1] starts, long long[::1] ends,
    int final) noexcept nogil

@cython.locals(put=cython.Py_ssize_t, pos=cython.Py_ssize_t, c=cython.int, i=cython.int)
cdef Py_ssize_t _undo_quotes(unsigned char[::1] src, Py_ssize_t begin, Py_ssize_t stop, int quote, int unit, int big,
    const unsigned char[::1] lead) noexcept nogil

cpdef Py_ssize_t csv_skip(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int unit, int big)

@cython.locals(wrong=cython.Py_ssize_t)
cpdef Py_ssize_t numbers(const unsigned char[::1] src, int kind, int digits, int scale, int signed, int ascii,
    const long long[::1] starts, const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length,
    unsigned char[::1] out, long long[::1] offsets, int[::1] bad)

@cython.locals(n_rows=cython.Py_ssize_t, o=cython.Py_ssize_t, row=cython.Py_ssize_t, pos=cython.Py_ssize_t,
    end=cython.Py_ssize_t, wrong=cython.Py_ssize_t)
cdef Py_ssize_t _numbers(const unsigned char[::1] src, int kind, int digits, int scale, int signed, int ascii,
    const long long[::1] starts, const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length,
    unsigned char[::1] out, long long[::1] offsets, int[::1] bad) noexcept nogil

@cython.locals(total=cython.Py_ssize_t, longest=cython.Py_ssize_t, row=cython.Py_ssize_t, size=cython.Py_ssize_t)
cpdef extent(const long long[::1] starts, const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length)

@cython.locals(last=cython.int, total=cython.Py_ssize_t, i=cython.Py_ssize_t, b=cython.int, d=cython.int, first=cython.int)
cdef Py_ssize_t _packed(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, int digits, int scale,
    unsigned char[::1] out, Py_ssize_t o, int[::1] bad, Py_ssize_t row) noexcept nogil

@cython.locals(plus=cython.int, minus=cython.int, zone=cython.int, begin=cython.Py_ssize_t, negative=cython.int,
    first=cython.Py_ssize_t, total=cython.Py_ssize_t, i=cython.Py_ssize_t, b=cython.int, z=cython.int)
cdef Py_ssize_t _zoned(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, int scale, int ascii,
    unsigned char[::1] out, Py_ssize_t o, int[::1] bad, Py_ssize_t row) noexcept nogil

@cython.locals(size=cython.int, value=cython.ulonglong, negative=cython.int, i=cython.int, b=cython.int,
    count=cython.int, rest=cython.ulonglong, width=cython.int, at=cython.Py_ssize_t)
cdef Py_ssize_t _binary(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t end, int scale, int signed,
    unsigned char[::1] out, Py_ssize_t o, int[::1] bad, Py_ssize_t row) noexcept nogil

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
