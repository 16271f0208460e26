# Types of gaiji/kernel/points.py when it is compiled.

cdef Py_ssize_t suffix_point(Py_ssize_t n) noexcept nogil

cdef int utf8_width(Py_ssize_t cp) noexcept nogil
