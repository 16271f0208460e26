# Types of gaiji/kernel/digits.py when it is compiled.

cimport cython

cdef Py_ssize_t IN_A_ROW

@cython.locals(rows=cython.Py_ssize_t, row=cython.Py_ssize_t)
cpdef digit_rows(const unsigned char[::1] data, const long long[::1] offsets, Py_ssize_t least)

cdef int _some(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end) noexcept nogil

@cython.locals(count=cython.Py_ssize_t, n=cython.int)
cdef Py_ssize_t _count(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end) noexcept nogil

@cython.locals(byte=cython.int)
cdef int _digit(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end) noexcept nogil
