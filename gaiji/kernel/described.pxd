# Types of gaiji/kernel/described.py when it is compiled.
cimport cython

from gaiji.kernel.cut cimport Scan

cdef int OK, BAD_RDW, BAD_BDW, TRUNCATED

cdef class Descriptors:
    cdef int blocked, spanned, place, little, more, block_place, block_little, block_more

@cython.locals(limit=cython.Py_ssize_t)
cpdef Py_ssize_t scan_vb(Scan s, unsigned char[::1] src, Py_ssize_t n, Descriptors d, long long[::1] starts,
    long long[::1] ends, int final)

@cython.locals(size=cython.Py_ssize_t, block=cython.Py_ssize_t, length=cython.Py_ssize_t, flag=cython.int,
    i=cython.Py_ssize_t)
cdef int _vb_record(Scan s, unsigned char[::1] src, Py_ssize_t n, Descriptors d, int join) noexcept

cdef Py_ssize_t _described(const unsigned char[::1] src, Py_ssize_t pos, int place, int little, int block) noexcept

@cython.locals(flag=cython.int)
cdef int _segment(const unsigned char[::1] src, Py_ssize_t pos, int place) noexcept
