# Types of gaiji/kernel/decode.py when it is compiled. Every loop of it runs without the GIL.
cimport cython
from libc.string cimport memcmp, memcpy

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define gaiji_prefetch(p) __builtin_prefetch(p)
    #else
    #define gaiji_prefetch(p)
    #endif
    """
    void gaiji_prefetch(const void *p) noexcept nogil

cdef int ILLEGAL, BROKEN_SHIFT, MAPPED, LONG, GRADED, GRADED_SPECIAL, GRADED_LONG, GRADES, GETA, STORED, TAG, SHIFTED, LEAD, DECIMAL, UTF8
cdef int MIXED, DOUBLE, SINGLE, UNITS, MAPPED_UNITS, PASSED_UNITS, TRIMMED_UNITS, FLAGGED, BYTES, N_COUNTS
cdef int LOW_VALUES, BLANKS, UNSIGNED, TRIM, EMPTIES
cdef int FINDING, SLACK, AHEAD, JOINS, ITSELF, JOINED, NOT_IN_STANDARD
cdef Py_ssize_t BASES
cdef const unsigned char *WIDE_SPACES
cdef const unsigned char *SPACES

cdef class Program:
    cdef object _keep, _first, _pads
    cdef public int kind, units, little, wide, digits
    cdef public Py_ssize_t bound
    cdef int half, pad_single, pad_hi, pad_lo, padded_single, padded_double, n_shifts, tag_length
    cdef Py_ssize_t space_double, space_single
    cdef const unsigned char *double_pads
    cdef const unsigned char *single_pads
    cdef const unsigned char *stext
    cdef const unsigned char *slen
    cdef const unsigned char *skind
    cdef const unsigned char *dtext
    cdef const unsigned char *dlen
    cdef const unsigned char *dkind
    cdef const unsigned char *ttext
    cdef const unsigned char *tlen
    cdef const unsigned char *tkind
    cdef const unsigned char *lead
    cdef const unsigned char *trail
    cdef const unsigned char *shifts
    cdef const unsigned char *sfirst
    cdef const unsigned char *policy
    cdef const unsigned char *tag
    cdef const unsigned char *long_text
    cdef const long long[::1] long_offsets
    cdef int unicode
    cdef Py_ssize_t n_sequences
    cdef const unsigned char *qtext
    cdef const unsigned char *qkind
    cdef const unsigned int[::1] pages
    cdef const unsigned int[::1] qkeys

cdef class Work:
    cdef const unsigned char[::1] _src
    cdef unsigned char[::1] _out
    cdef long long[::1] findings
    cdef long long[::1] counts
    cdef const unsigned char *src
    cdef unsigned char *out
    cdef Py_ssize_t start, end
    cdef public Py_ssize_t o, n, row, pos, char, open_at
    cdef public int shifted, final, special
    cdef int mixed, open_with, joins, last_counter
    cdef Py_ssize_t last_pos, last_end, last_cp, last_o, last_n

cdef class Single:
    cdef readonly Py_ssize_t size, bound
    cdef Py_ssize_t capacity, slots
    cdef readonly object found
    cdef object out
    cdef const long long[::1] starts
    cdef long long[::1] ends
    cdef long long[::1] offsets
    cdef unsigned char[::1] states
    cdef Work work

    @cython.locals(w=Work)
    cpdef Py_ssize_t decode(self, Program p, int mode, bytes data) except -1

    @cython.locals(w=Work, f="long long[::1]", at=cython.Py_ssize_t)
    cpdef list findings(self, Py_ssize_t count)

    @cython.locals(w=Work)
    cpdef str text(self)

@cython.locals(n_rows=cython.Py_ssize_t)
cpdef Py_ssize_t decode_rows(Program p, Work w, int mode, int trim, int carry, const long long[::1] starts,
    const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length, unsigned char[::1] states,
    long long[::1] offsets, Py_ssize_t row, Py_ssize_t capacity, Py_ssize_t slots) except -1

@cython.locals(pos=cython.Py_ssize_t, end=cython.Py_ssize_t, first=cython.Py_ssize_t, noted=cython.Py_ssize_t,
    whole=cython.int)
cdef Py_ssize_t _rows(Program p, Work w, int mode, int trim, int carry, const long long[::1] starts,
    const long long[::1] ends, Py_ssize_t offset, Py_ssize_t length, unsigned char[::1] states,
    long long[::1] offsets, Py_ssize_t row, Py_ssize_t n_rows, Py_ssize_t capacity, Py_ssize_t slots) noexcept nogil

@cython.locals(i=cython.Py_ssize_t, done=cython.Py_ssize_t)
cdef int _low_values(Work w, Py_ssize_t pos, Py_ssize_t end) noexcept nogil

cdef void _field(Program p, Work w) noexcept nogil

@cython.locals(src="const unsigned char *", out="unsigned char *", text="const unsigned char *",
    lens="const unsigned char *", hi=cython.int, lo=cython.int, pos=cython.Py_ssize_t, last=cython.Py_ssize_t,
    space=cython.Py_ssize_t, o=cython.Py_ssize_t, code=cython.Py_ssize_t, n=cython.int, done=cython.Py_ssize_t)
cdef void _run_double(Program p, Work w) noexcept nogil

@cython.locals(src="const unsigned char *", out="unsigned char *", text="const unsigned char *",
    lens="const unsigned char *", pos=cython.Py_ssize_t, end=cython.Py_ssize_t, o=cython.Py_ssize_t,
    space=cython.Py_ssize_t, b=cython.Py_ssize_t, n=cython.int, done=cython.Py_ssize_t)
cdef void _run_single(Program p, Work w) noexcept nogil

@cython.locals(src="const unsigned char *", shifts="const unsigned char *", b=cython.int, i=cython.int)
cdef int _match_shift(Program p, Work w, Py_ssize_t pos) noexcept nogil

@cython.locals(s=cython.int, b=cython.int, code=cython.Py_ssize_t, kind=cython.int)
cdef int _step_shifted(Program p, Work w) noexcept nogil

cdef int _has_code(Program p, unsigned int code) noexcept nogil

@cython.locals(at=cython.int, size=cython.int, into=cython.int, code=cython.Py_ssize_t)
cdef void _shift(Program p, Work w, int s) noexcept nogil

@cython.locals(at=cython.int, size=cython.int, code=cython.Py_ssize_t, pos=cython.Py_ssize_t)
cdef void _flag_open(Program p, Work w) noexcept nogil

@cython.locals(low=cython.Py_ssize_t)
cdef int _step_surrogate(Program p, Work w, Py_ssize_t code) noexcept nogil

@cython.locals(index=cython.Py_ssize_t, kind=cython.int)
cdef void _wide(Program p, Work w, int size, Py_ssize_t cp) noexcept nogil

cdef Py_ssize_t _suffix(Py_ssize_t cp) noexcept nogil

cdef Py_ssize_t _suffix_point(Py_ssize_t n) noexcept nogil

@cython.locals(low=cython.Py_ssize_t, high=cython.Py_ssize_t, middle=cython.Py_ssize_t)
cdef Py_ssize_t _sequence(Program p, Py_ssize_t pack) noexcept nogil

@cython.locals(src="const unsigned char *", at=cython.Py_ssize_t, cp=cython.Py_ssize_t)
cdef int _last(Program p, Work w) noexcept nogil

cdef void _take_back(Work w) noexcept nogil

@cython.locals(n=cython.Py_ssize_t, pack=cython.Py_ssize_t, end=cython.Py_ssize_t, index=cython.Py_ssize_t, kind=cython.int)
cdef void _join(Program p, Work w, int size, Py_ssize_t cp) noexcept nogil

cdef void _hold(Program p, Work w) noexcept nogil

cdef void _field_lead(Program p, Work w) noexcept nogil

@cython.locals(src="const unsigned char *", out="unsigned char *", pos=cython.Py_ssize_t, end=cython.Py_ssize_t,
    o=cython.Py_ssize_t, b=cython.Py_ssize_t, code=cython.Py_ssize_t, n=cython.int, done=cython.Py_ssize_t)
cdef void _run_lead(Program p, Work w) noexcept nogil

@cython.locals(src="const unsigned char *", b=cython.Py_ssize_t, code=cython.Py_ssize_t, size=cython.int, i=cython.int)
cdef int _step_lead(Program p, Work w) noexcept nogil

@cython.locals(src="const unsigned char *", b=cython.int, size=cython.int, cp=cython.Py_ssize_t, i=cython.int, n=cython.int)
cdef void _field_utf8(Program p, Work w) noexcept nogil

cdef int _utf8_size(int b) noexcept nogil

@cython.locals(src="const unsigned char *", b=cython.int, c=cython.int, i=cython.int)
cdef int _utf8_tail_ok(Work w, Py_ssize_t size) noexcept nogil

@cython.locals(src="const unsigned char *", size=cython.int, b=cython.int, code=cython.Py_ssize_t, i=cython.int)
cdef void _field_decimal(Program p, Work w) noexcept nogil

@cython.locals(reason=cython.int, stored=cython.int, graded=cython.bint, counter=cython.int)
cdef void _emit(Program p, Work w, int size, Py_ssize_t code, int kind, const unsigned char *text, Py_ssize_t index) noexcept nogil

cdef void _remember(Work w, int size, Py_ssize_t code, int counter, int joins) noexcept nogil

@cython.locals(how=cython.int)
cdef void _flag(Program p, Work w, int size, Py_ssize_t code, int reason, const unsigned char *text, Py_ssize_t index, int stored) noexcept nogil

@cython.locals(at=cython.Py_ssize_t)
cdef void _note(Program p, Work w, int size, Py_ssize_t code, int reason) noexcept nogil

cdef void _put(Work w, const unsigned char *text, Py_ssize_t index, int n) noexcept nogil

@cython.locals(which=cython.Py_ssize_t, at=cython.Py_ssize_t, stop=cython.Py_ssize_t)
cdef void _put_long(Program p, Work w, const unsigned char *text, Py_ssize_t index) noexcept nogil

cdef void _put_unit(Work w, Py_ssize_t code, int size) noexcept nogil

@cython.locals(i=cython.int)
cdef void _put_tag(Program p, Work w, Py_ssize_t code, int size) noexcept nogil

@cython.locals(d=cython.int, at=cython.Py_ssize_t)
cdef void _put_digits(Work w, Py_ssize_t code, int n, int base) noexcept nogil

cdef void _put_itself(Work w, Py_ssize_t code, int size) noexcept nogil

@cython.locals(out="unsigned char *", o=cython.Py_ssize_t)
cdef void _put_utf8(Work w, Py_ssize_t cp) noexcept nogil

@cython.locals(src="const unsigned char *", end=cython.Py_ssize_t, done=cython.Py_ssize_t)
cdef void _drop_padding(Program p, Work w, int mode) noexcept nogil

@cython.locals(out="unsigned char *", o=cython.Py_ssize_t, done=cython.Py_ssize_t)
cdef void _trim(Work w, Py_ssize_t first) noexcept nogil
