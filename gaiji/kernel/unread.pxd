# Types of gaiji/kernel/unread.py when it is compiled.
cimport cython
from libc.string cimport memcmp

cdef Py_ssize_t LONGEST

cdef class Pads:
    cdef public int unit, count
    cdef object _keep, _sizes
    cdef const unsigned char *runs
    cdef const unsigned char *sizes

cdef class Unread:
    cdef public Py_ssize_t size, other, row, at

cpdef Unread unread(const unsigned char[::1] src, const long long[::1] starts, const long long[::1] ends,
    Py_ssize_t begin, Py_ssize_t stop, Pads pads, unsigned char[::1] marks)

@cython.locals(row=cython.Py_ssize_t, first=cython.Py_ssize_t, last=cython.Py_ssize_t, at=cython.Py_ssize_t)
cdef void _unread(const unsigned char[::1] src, const long long[::1] starts, const long long[::1] ends,
    Py_ssize_t begin, Py_ssize_t stop, Pads pads, unsigned char[::1] marks, Unread found) noexcept

@cython.locals(pos=cython.Py_ssize_t, step=cython.int, i=cython.int, size=cython.Py_ssize_t, k=cython.int, same=cython.bint)
cdef Py_ssize_t _odd(const unsigned char[::1] src, Py_ssize_t first, Py_ssize_t last, Pads p) noexcept nogil

@cython.locals(total=cython.Py_ssize_t, shortest=cython.Py_ssize_t, longest=cython.Py_ssize_t,
    row=cython.Py_ssize_t, size=cython.Py_ssize_t)
cpdef lengths(const long long[::1] starts, const long long[::1] ends)

@cython.locals(count=cython.Py_ssize_t, first=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef shorter(const long long[::1] starts, const long long[::1] ends, Py_ssize_t least)
