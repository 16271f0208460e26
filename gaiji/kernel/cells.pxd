# Types of gaiji/kernel/cells.py when it is compiled.
cimport cython

cpdef Py_ssize_t scan_cells(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int delimiter, int crlf,
    Py_ssize_t columns, Py_ssize_t first, Py_ssize_t rows, long long[::1] starts, long long[::1] ends) except -1

@cython.locals(column=cython.Py_ssize_t, begin=cython.Py_ssize_t)
cdef Py_ssize_t _scan_cells(const unsigned char[::1] src, Py_ssize_t pos, Py_ssize_t n, int delimiter, int crlf,
    Py_ssize_t columns, Py_ssize_t first, Py_ssize_t rows, long long[::1] starts, long long[::1] ends) noexcept nogil

@cython.locals(row=cython.Py_ssize_t, pos=cython.Py_ssize_t, end=cython.Py_ssize_t)
cpdef void fixed_cells(const unsigned char[::1] src, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t offset,
    Py_ssize_t width, long long[::1] starts, long long[::1] ends)
