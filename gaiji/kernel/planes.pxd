# Types of gaiji/kernel/planes.py when it is compiled.
cimport cython

@cython.locals(picture=cython.Py_ssize_t)
cpdef void ink(const unsigned char[::1] pictures, Py_ssize_t rows, Py_ssize_t columns, float[::1] inks,
    float[::1] across, float[::1] down)

@cython.locals(whole=cython.float, begin=cython.Py_ssize_t, here=cython.Py_ssize_t, dot=cython.Py_ssize_t,
    row=cython.Py_ssize_t, at=cython.Py_ssize_t, column=cython.Py_ssize_t)
cdef void _ink(const unsigned char[::1] pictures, Py_ssize_t picture, Py_ssize_t rows, Py_ssize_t columns,
    float[::1] inks, float[::1] across, float[::1] down) noexcept nogil

@cython.locals(half=cython.Py_ssize_t, end=cython.Py_ssize_t, i=cython.Py_ssize_t, a=cython.float, b=cython.float,
    c=cython.float, d=cython.float, e=cython.float, f=cython.float, g=cython.float, h=cython.float)
cdef float _sum(const float[::1] inks, Py_ssize_t at, Py_ssize_t count) noexcept nogil

@cython.locals(picture=cython.Py_ssize_t)
cpdef void resample(const float[::1] inks, const float[::1] across, const float[::1] down,
    const float[::1] places, Py_ssize_t side, float[::1] scratch, float[::1] squares)

@cython.locals(count=cython.Py_ssize_t, rows=cython.Py_ssize_t, columns=cython.Py_ssize_t, left=cython.Py_ssize_t,
    right=cython.Py_ssize_t, half=cython.float, step=cython.float, reach=cython.float, first=cython.Py_ssize_t,
    row=cython.Py_ssize_t, here=cython.Py_ssize_t, column=cython.Py_ssize_t, place=cython.float,
    old=cython.Py_ssize_t, factor=cython.double, at=cython.Py_ssize_t, product=cython.double)
cdef void _resample(const float[::1] inks, const float[::1] across, const float[::1] down,
    const float[::1] places, Py_ssize_t picture, Py_ssize_t side, float[::1] scratch,
    float[::1] squares) noexcept nogil

@cython.locals(half=cython.float, weights=cython.Py_ssize_t, step=cython.float, reach=cython.float,
    first=cython.Py_ssize_t, column=cython.Py_ssize_t, place=cython.float, last=cython.Py_ssize_t,
    row=cython.Py_ssize_t, total=cython.float, old=cython.Py_ssize_t, factor=cython.double, product=cython.double)
cdef void _across(const float[::1] places, Py_ssize_t picture, Py_ssize_t side, Py_ssize_t left, Py_ssize_t right,
    Py_ssize_t columns, float[::1] scratch, float[::1] squares) noexcept nogil

@cython.locals(weight=cython.float)
cdef float _weight(float place, Py_ssize_t old, float reach) noexcept nogil

@cython.locals(square=cython.Py_ssize_t)
cpdef void split(const float[::1] squares, Py_ssize_t side, float[::1] scratch, float[::1] planes)

@cython.locals(wide=cython.Py_ssize_t, sums=cython.Py_ssize_t, lines=cython.Py_ssize_t, row=cython.Py_ssize_t,
    column=cython.Py_ssize_t, at=cython.Py_ssize_t, plane=cython.Py_ssize_t, down=cython.Py_ssize_t, two=cython.float)
cdef void _split(const float[::1] squares, Py_ssize_t square, Py_ssize_t side, float[::1] scratch,
    float[::1] planes) noexcept nogil

@cython.locals(wide=cython.Py_ssize_t, two=cython.float, root=cython.float, column=cython.Py_ssize_t, across=cython.float,
    down=cython.float, east=cython.float, less=cython.float)
cdef void _gradient(float[::1] scratch, Py_ssize_t at, Py_ssize_t sums, Py_ssize_t lines,
    Py_ssize_t side) noexcept nogil

@cython.locals(x=cython.Py_ssize_t, value=cython.float)
cdef void _part(float[::1] scratch, Py_ssize_t turn, Py_ssize_t part, Py_ssize_t side, float[::1] planes,
    Py_ssize_t towards, Py_ssize_t away) noexcept nogil

cpdef void displaced(const float[::1] query, const float[::1] candidates, Py_ssize_t directions,
    Py_ssize_t cells, const float[::1] costs, float[::1] scratch, float[::1] best)

@cython.locals(wide=cython.Py_ssize_t, size=cython.Py_ssize_t, candidate=cython.Py_ssize_t, at=cython.Py_ssize_t,
    shift=cython.Py_ssize_t, moved=cython.Py_ssize_t, cost=cython.float, row=cython.Py_ssize_t,
    column=cython.Py_ssize_t, value=cython.float, here=cython.Py_ssize_t)
cdef void _displaced(const float[::1] query, const float[::1] candidates, Py_ssize_t directions,
    Py_ssize_t cells, const float[::1] costs, float[::1] scratch, float[::1] best) noexcept nogil

@cython.locals(size=cython.Py_ssize_t, cell=cython.Py_ssize_t, direction=cython.Py_ssize_t, here=cython.Py_ssize_t,
    off=cython.float, row=cython.Py_ssize_t)
cdef void _distance(const float[::1] query, const float[::1] candidates, Py_ssize_t at, Py_ssize_t directions,
    Py_ssize_t wide, Py_ssize_t moved, float[::1] scratch) noexcept nogil

cpdef void products(const signed char[::1] vectors, const short[::1] query, const float[::1] shares,
    float[::1] out)

@cython.locals(size=cython.Py_ssize_t, row=cython.Py_ssize_t, at=cython.Py_ssize_t, total=cython.int,
    i=cython.Py_ssize_t)
cdef void _products(const signed char[::1] vectors, const short[::1] query, const float[::1] shares,
    float[::1] out) noexcept nogil
