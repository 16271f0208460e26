# Types of gaiji/kernel/reads.py when it is compiled. Every loop of it runs without the GIL.
cimport cython

from gaiji.kernel.encode cimport Codes, Pen, read_point
from gaiji.kernel.points cimport suffix_point

cdef int DECIMAL, UTF8, JOINED
cdef Py_ssize_t VALUE

@cython.locals(value=cython.Py_ssize_t, low=cython.Py_ssize_t, high=cython.Py_ssize_t, middle=cython.Py_ssize_t)
cdef Py_ssize_t wide_text(Codes c, Py_ssize_t unit) noexcept nogil

@cython.locals(n=cython.int, more=cython.int, pack=cython.Py_ssize_t)
cdef Py_ssize_t _itself(Pen w, Py_ssize_t unit) noexcept nogil

@cython.locals(size=cython.int, code=cython.Py_ssize_t, n=cython.Py_ssize_t)
cdef Py_ssize_t reads(Codes c, Pen w, Py_ssize_t unit) noexcept nogil

@cython.locals(i=cython.Py_ssize_t)
cdef int equal(Pen w, const unsigned char *blob, Py_ssize_t at, Py_ssize_t n) noexcept nogil

@cython.locals(size=cython.int, code=cython.Py_ssize_t, n=cython.int, at=cython.Py_ssize_t)
cdef int is_blank(Codes c, Py_ssize_t unit) noexcept nogil
