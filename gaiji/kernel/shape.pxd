# Types of gaiji/kernel/shape.py when it is compiled.
cimport cython

cdef int STANDS, OF_LENGTH, IS_FIRST, IS_LAST, TEST
cdef int NO_TYPE, ORPHAN, ASIDE, NOBODY, CARRIED
cdef int PIECE, COUNT, NODE, STEP, COLUMN
cdef int ZONED, PACKED, BINARY, BARE, LITTLE, LEADING, LETTERS, LEADING_LETTERS
cdef int BAD_COUNTER, OUT_OF_RANGE, CUT_OFF

@cython.locals(n=cython.Py_ssize_t, row=cython.Py_ssize_t, i=cython.Py_ssize_t, kind=cython.Py_ssize_t,
    fits=cython.int)
cpdef void sort(const unsigned char[::1] src, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] tests, const unsigned char[::1] values, Py_ssize_t types, Py_ssize_t first,
    Py_ssize_t last, long long[::1] kinds)

@cython.locals(what=cython.longlong, size=cython.longlong, base=cython.longlong, value=cython.longlong,
    i=cython.longlong)
cdef int _passes(const unsigned char[::1] src, long long begin, long long end, const long long[::1] tests,
    Py_ssize_t at, const unsigned char[::1] values, Py_ssize_t row, Py_ssize_t first,
    Py_ssize_t last) noexcept nogil

@cython.locals(types=cython.Py_ssize_t, row=cython.Py_ssize_t, kind=cython.longlong, below=cython.Py_ssize_t,
    above=cython.longlong, gap=cython.Py_ssize_t, lost=cython.int)
cpdef void owners(long long[::1] kinds, const long long[::1] gaps, const long long[::1] parents,
    long long[::1] current, long long[::1] owner)

@cython.locals(n=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef Py_ssize_t pick(const long long[::1] kinds, long long kind, long long[::1] rows)

@cython.locals(n=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef Py_ssize_t count(const long long[::1] kinds, long long kind, Py_ssize_t first, Py_ssize_t last)

@cython.locals(n=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef Py_ssize_t shorter(const long long[::1] starts, const long long[::1] ends, long long least)

@cython.locals(i=cython.Py_ssize_t)
cpdef void take(const long long[::1] edges, const long long[::1] rows, long long[::1] out)

@cython.locals(i=cython.Py_ssize_t)
cpdef void follow(const long long[::1] owner, const long long[::1] rows, long long[::1] out)

@cython.locals(i=cython.Py_ssize_t, begin=cython.longlong, end=cython.longlong)
cpdef void borrow(const long long[::1] starts, const long long[::1] ends, const long long[::1] owner,
    long long offset, long long length, int whole, long long carried, long long behind, long long[::1] out_starts,
    long long[::1] out_ends)

@cython.locals(row=cython.Py_ssize_t, gap=cython.Py_ssize_t)
cpdef void number(long long first, const long long[::1] gaps, long long[::1] out)

cpdef Py_ssize_t spread(const unsigned char[::1] src, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] steps, long long[::1] scratch, const long long[::1] columns, long long[::1] out_starts,
    long long[::1] out_ends, long long[::1] bad) except -1

@cython.locals(wrong=cython.Py_ssize_t, rows=cython.Py_ssize_t, n=cython.Py_ssize_t, row=cython.Py_ssize_t,
    end=cython.longlong, stop=cython.longlong, column=cython.Py_ssize_t, piece=cython.longlong,
    begin=cython.longlong, at=cython.Py_ssize_t, behind=cython.longlong)
cdef Py_ssize_t _spread(const unsigned char[::1] src, const long long[::1] starts, const long long[::1] ends,
    const long long[::1] steps, long long[::1] scratch, const long long[::1] columns, long long[::1] out_starts,
    long long[::1] out_ends, long long[::1] bad) noexcept nogil

@cython.locals(pos=cython.longlong, i=cython.Py_ssize_t, k=cython.Py_ssize_t, what=cython.longlong, me=cython.longlong,
    node=cython.longlong, there=cython.int, value=cython.longlong, at=cython.longlong)
cdef long long _walk(const unsigned char[::1] src, long long begin, long long end, const long long[::1] steps,
    long long[::1] scratch, long long[::1] bad, Py_ssize_t row) noexcept nogil

@cython.locals(value=cython.longlong, sign=cython.Py_ssize_t, i=cython.Py_ssize_t, high=cython.int, low=cython.int)
cdef long long _counter(const unsigned char[::1] src, long long at, long long length,
    long long how) noexcept nogil

@cython.locals(value=cython.longlong, i=cython.Py_ssize_t)
cdef long long _binary(const unsigned char[::1] src, long long at, long long length,
    long long how) noexcept nogil

@cython.locals(high=cython.int)
cdef int _zoned(int b, long long how, int sign) noexcept nogil

@cython.locals(o=cython.Py_ssize_t, row=cython.Py_ssize_t, base=cython.longlong, i=cython.Py_ssize_t, j=cython.Py_ssize_t,
    me=cython.longlong, k=cython.longlong)
cpdef Py_ssize_t compact(const unsigned char[::1] records, Py_ssize_t step, Py_ssize_t rows,
    const long long[::1] steps, const long long[::1] full, long long[::1] scratch, unsigned char[::1] out,
    long long[::1] offsets, long long[::1] bad)

@cython.locals(row=cython.Py_ssize_t, i=cython.Py_ssize_t)
cpdef void present(const unsigned char[::1] records, Py_ssize_t step, Py_ssize_t rows,
    const long long[::1] steps, const long long[::1] full, long long[::1] scratch,
    const long long[::1] pieces, unsigned char[::1] there, long long[::1] bad)

@cython.locals(bad=cython.longlong, i=cython.Py_ssize_t, j=cython.Py_ssize_t, what=cython.longlong, me=cython.longlong,
    node=cython.longlong, there=cython.int, piece=cython.longlong, value=cython.longlong)
cdef long long _weigh(const unsigned char[::1] records, long long base, const long long[::1] steps,
    const long long[::1] full, long long[::1] scratch) noexcept nogil
