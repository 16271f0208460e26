# Types of gaiji/kernel/compare.py when it is compiled. Every loop of it runs without the GIL.
cimport cython
from libc.string cimport memcmp

from gaiji.kernel.encode cimport Codes, Pen, check_lengths, encode_one, match_text, read_point
from gaiji.kernel.points cimport suffix_point, utf8_width
from gaiji.kernel.reads cimport equal, is_blank, reads, wide_text

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define gaiji_prefetch(p) __builtin_prefetch(p)
    #else
    #define gaiji_prefetch(p)
    #endif
    """
    void gaiji_prefetch(const void *p) noexcept nogil

cdef int LEAD, DECIMAL, UTF8, OVERFLOW, FINDING, AHEAD, IDENTICAL, FORM, ONE_WAY, FLAGGED, CHANGED, JOINED
cdef Py_ssize_t VALUE

@cython.locals(n_rows=cython.Py_ssize_t, found=cython.Py_ssize_t)
cpdef Py_ssize_t same_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const unsigned char[::1] source, const long long[::1] s_starts, const long long[::1] s_ends, Py_ssize_t offset,
    Py_ssize_t length, int padded, long long[::1] differ, long long[::1] forms) except -1

@cython.locals(found=cython.Py_ssize_t, other=cython.Py_ssize_t, row=cython.Py_ssize_t, pos=cython.Py_ssize_t,
    end=cython.Py_ssize_t, same=cython.int, blank=cython.Py_ssize_t)
cdef Py_ssize_t _same_rows(Codes c, Pen w, int mode, const long long[::1] starts, const long long[::1] ends,
    const unsigned char[::1] source, const long long[::1] s_starts, const long long[::1] s_ends, Py_ssize_t offset,
    Py_ssize_t length, int padded, long long[::1] differ, long long[::1] forms, Py_ssize_t n_rows) noexcept nogil

@cython.locals(at=cython.Py_ssize_t, i=cython.Py_ssize_t)
cdef int _padded_inside(Codes c, Pen w, const unsigned char[::1] source, Py_ssize_t pos, Py_ssize_t end) noexcept nogil

cdef class Flags:
    cdef const long long[::1] keys
    cdef const long long[::1] at
    cdef const long long[::1] lengths
    cdef const unsigned char *blob
    cdef object _keep
    cdef Py_ssize_t mask

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

@cython.locals(size=cython.Py_ssize_t, i=cython.Py_ssize_t, after=cython.Py_ssize_t, same=cython.int,
    pack=cython.Py_ssize_t)
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

cdef Py_ssize_t _point_room(Py_ssize_t code, Py_ssize_t cut) noexcept nogil

cdef int _blank_units(Codes c, const unsigned int[::1] units, Py_ssize_t at, Py_ssize_t last) noexcept nogil

cdef void _skip_blanks(Pen w) noexcept nogil

@cython.locals(at=cython.Py_ssize_t, size=cython.Py_ssize_t)
cdef Py_ssize_t _record(Pen w, long long[::1] notes, Py_ssize_t n, Py_ssize_t position, Py_ssize_t unit, int what) noexcept nogil

@cython.locals(n_rows=cython.Py_ssize_t, row=cython.Py_ssize_t, found=cython.Py_ssize_t, n=cython.Py_ssize_t, same=cython.int)
cpdef Py_ssize_t same_text(const unsigned char[::1] data, const long long[::1] offsets, const unsigned char[::1] src,
    const long long[::1] starts, const long long[::1] ends, long long[::1] differ) except -1
