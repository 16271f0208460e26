# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops over pictures of characters: ink summed, brought to a square, split by direction, compared.

Owns no rule of what is alike: the numbers that it is given are those of ``gaiji.shape.features`` and
``sisters``. One source, compiled or interpreted, that imports nothing of the toolkit. In single precision, so
that the interpreted one, which rounds later, may differ in the last digits.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython


def compiled():
    """Whether this module runs as compiled code."""
    return cython.compiled


def ink(pictures, rows, columns, inks, across, down):
    """The ink of pictures of ``rows`` times ``columns`` dots, 0 to 255 each, as 0 to 1 in ``inks``; the sums
    of every column in ``across``, of every row in ``down``, picture after picture."""
    if cython.compiled:
        with cython.nogil:
            for picture in range(len(down) // rows):
                _ink(pictures, picture, rows, columns, inks, across, down)
    else:
        for picture in range(len(down) // rows):
            _ink(pictures, picture, rows, columns, inks, across, down)


def _ink(pictures, picture, rows, columns, inks, across, down):
    whole = 255.0
    begin = picture * rows * columns
    here = picture * columns
    for dot in range(begin, begin + rows * columns):
        inks[dot] = pictures[dot] / whole
    for column in range(columns):
        across[here + column] = 0
    for row in range(rows):
        at = begin + row * columns
        for column in range(columns):
            across[here + column] += inks[at + column]
        down[picture * rows + row] = _sum(inks, at, columns)


def _sum(inks, at, count):
    """The sum of some numbers, in eight parts; of more than 128 as that of two halves, as numpy has it."""
    if count > 128:
        half = count // 2 - count // 2 % 8
        return _sum(inks, at, half) + _sum(inks, at + half, count - half)
    end = at + count - count % 8
    a = b = c = d = e = f = g = h = 0.0
    for i in range(at, end, 8):
        a += inks[i]
        b += inks[i + 1]
        c += inks[i + 2]
        d += inks[i + 3]
        e += inks[i + 4]
        f += inks[i + 5]
        g += inks[i + 6]
        h += inks[i + 7]
    a = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(end, at + count):
        a += inks[i]
    return a


def resample(inks, across, down, places, side, scratch, squares):
    """Bring the ink of each picture to a square of ``side`` dots, in ``squares``.

    ``across``, ``down``: its sums. ``places``: of each picture the centre across and the step from one new
    dot to the next, then the same down, in old dots. A new dot weighs the old ones by how near they are, up
    to one dot or one step. Each product is added whole and the sum rounded once, as processors do that
    multiply and add in one step. ``scratch`` has room for ``2 * side`` numbers a column.
    """
    if cython.compiled:
        with cython.nogil:
            for picture in range(len(places) // 4):
                _resample(inks, across, down, places, picture, side, scratch, squares)
    else:
        for picture in range(len(places) // 4):
            _resample(inks, across, down, places, picture, side, scratch, squares)


def _resample(inks, across, down, places, picture, side, scratch, squares):
    count = len(places) // 4
    rows = len(down) // count
    columns = len(across) // count
    left = 0
    right = columns
    while left < right and across[picture * columns + left] == 0:
        left += 1
    while left < right and across[picture * columns + right - 1] == 0:
        right -= 1
    half = (side - 1) / 2.0
    step = places[picture * 4 + 3]
    reach = step if step > 1.0 else 1.0
    first = 0
    for row in range(side):
        here = row * columns
        for column in range(left, right):
            scratch[here + column] = 0.0
        place = row - half
        place = places[picture * 4 + 2] + place * step
        while first < rows and first < place and _weight(place, first, reach) <= 0.0:
            first += 1
        old = first
        factor = _weight(place, old, reach)
        while old < rows and factor > 0.0:
            if down[picture * rows + old] > 0:
                at = (picture * rows + old) * columns
                for column in range(left, right):
                    product = factor * inks[at + column]
                    scratch[here + column] = scratch[here + column] + product
            old += 1
            factor = _weight(place, old, reach)
    _across(places, picture, side, left, right, columns, scratch, squares)


def _across(places, picture, side, left, right, columns, scratch, squares):
    """The second half of ``resample``: the rows that it has made, each brought to the side's length."""
    half = (side - 1) / 2.0
    weights = side * columns
    step = places[picture * 4 + 1]
    reach = step if step > 1.0 else 1.0
    first = left
    for column in range(side):
        place = column - half
        place = places[picture * 4] + place * step
        while first < right and first < place and _weight(place, first, reach) <= 0.0:
            first += 1
        last = first
        while last < right and _weight(place, last, reach) > 0.0:
            scratch[weights + last] = _weight(place, last, reach)
            last += 1
        for row in range(side):
            total = 0.0
            for old in range(first, last):
                factor = scratch[weights + old]
                product = factor * scratch[row * columns + old]
                total = total + product
            squares[(picture * side + row) * side + column] = total


def _weight(place, old, reach):
    """What an old dot weighs in a new one."""
    weight = place - old
    weight = weight if weight > 0 else -weight
    weight = weight / reach
    weight = 1 - weight
    return weight / reach if weight > 0 else 0.0


def split(squares, side, scratch, planes):
    """Split the gradient of squares (Sobel's operator) into eight planes each: east, south-east, and so on
    round. Each gradient is the sum of the parts of its two neighbouring directions.

    ``scratch`` has room for ``(side + 2) * (2 * side + 2) + 6 * side`` numbers, which begin as zeros.
    """
    if cython.compiled:
        with cython.nogil:
            for square in range(len(squares) // (side * side)):
                _split(squares, square * side * side, side, scratch, planes)
    else:
        for square in range(len(squares) // (side * side)):
            _split(squares, square * side * side, side, scratch, planes)


def _split(squares, square, side, scratch, planes):
    wide = side + 2
    plane = side * side
    sums = wide * wide
    lines = sums + wide * side
    two = 2.0
    for row in range(side):
        for column in range(side):
            scratch[(row + 1) * wide + column + 1] = squares[square + row * side + column]
    for row in range(wide):
        at = row * wide
        for column in range(side):
            scratch[sums + row * side + column] = (
                scratch[at + column] + two * scratch[at + column + 1] + scratch[at + column + 2]
            )
    for row in range(side):
        _gradient(scratch, row * wide, sums + row * side, lines, side)
        at = square * 8 + row * side
        down = lines + side
        _part(scratch, lines, lines + 2 * side, side, planes, at, at + 4 * plane)
        _part(scratch, down, lines + 3 * side, side, planes, at + 2 * plane, at + 6 * plane)
        _part(scratch, down, lines + 4 * side, side, planes, at + plane, at + 7 * plane)
        _part(scratch, down, lines + 5 * side, side, planes, at + 3 * plane, at + 5 * plane)


def _gradient(scratch, at, sums, lines, side):
    """One row's gradient across and down, behind it its flat, steep and slanting parts,
    the last to the east and to the west."""
    wide = side + 2
    two = 2.0
    root = 1.4142135623730951
    for column in range(wide):
        scratch[lines + 2 * side + column] = (
            scratch[at + column] + two * scratch[at + wide + column] + scratch[at + 2 * wide + column]
        )
    for column in range(side):
        scratch[lines + column] = scratch[lines + 2 * side + column + 2] - scratch[lines + 2 * side + column]
    for column in range(side):
        scratch[lines + side + column] = scratch[sums + 2 * side + column] - scratch[sums + column]
    for column in range(side):
        across = scratch[lines + column]
        down = scratch[lines + side + column]
        across = across if across > 0 else -across
        down = down if down > 0 else -down
        less = across if across < down else down
        scratch[lines + 2 * side + column] = across - less
        scratch[lines + 3 * side + column] = down - less
    for column in range(side):
        east = scratch[lines + column]
        down = scratch[lines + side + column]
        across = east if east > 0 else -east
        down = down if down > 0 else -down
        less = across if across < down else down
        less = root * less
        scratch[lines + 4 * side + column] = less if east > 0 else 0.0
        scratch[lines + 5 * side + column] = 0.0 if east > 0 else less


def _part(scratch, turn, part, side, planes, towards, away):
    """One row of two opposite planes: what the gradient's sign gives to either."""
    for x in range(side):
        value = scratch[part + x]
        planes[towards + x] = value if scratch[turn + x] > 0 else 0.0
        planes[away + x] = 0.0 if scratch[turn + x] > 0 else value


def displaced(query, candidates, directions, cells, costs, scratch, best):
    """The squared distance of each cell's neighbourhood (it and its eight neighbours) from each candidate's,
    at the best displacement of the query by one cell; each displacement costs a factor of its own.

    ``query`` and each of ``candidates`` are ``directions`` planes of ``cells + 2`` a side, whose outermost
    cells are 0. ``costs``: nine. ``scratch`` has room for two such planes. ``best`` has ``cells`` a side.
    """
    if cython.compiled:
        with cython.nogil:
            _displaced(query, candidates, directions, cells, costs, scratch, best)
    else:
        _displaced(query, candidates, directions, cells, costs, scratch, best)


def _displaced(query, candidates, directions, cells, costs, scratch, best):
    wide = cells + 2
    size = wide * wide
    for candidate in range(len(best) // (cells * cells)):
        at = candidate * cells * cells
        for shift in range(9):
            moved = (shift // 3 - 1) * wide + shift % 3 - 1
            _distance(query, candidates, candidate * directions * size, directions, wide, moved, scratch)
            cost = costs[shift]
            for row in range(cells):
                for column in range(wide):
                    scratch[size + column] = (
                        scratch[row * wide + column]
                        + scratch[(row + 1) * wide + column]
                        + scratch[(row + 2) * wide + column]
                    )
                for column in range(cells):
                    value = cost * (
                        scratch[size + column] + scratch[size + column + 1] + scratch[size + column + 2]
                    )
                    here = at + row * cells + column
                    best[here] = value if not shift or value < best[here] else best[here]


def _distance(query, candidates, at, directions, wide, moved, scratch):
    """The squared distance of each cell of a candidate from the query's, displaced; 0 in the outermost."""
    size = wide * wide
    for cell in range(size):
        scratch[cell] = 0
    for direction in range(directions):
        here = direction * size
        for cell in range(wide + 1, size - wide - 1):
            off = candidates[at + here + cell] - query[here + cell + moved]
            scratch[cell] += off * off
    for row in range(wide):
        scratch[row * wide] = 0
        scratch[row * wide + wide - 1] = 0


def products(vectors, query, shares, out):
    """The product of each of the vectors with the query, times a share of its own."""
    if cython.compiled:
        with cython.nogil:
            _products(vectors, query, shares, out)
    else:
        _products(vectors, query, shares, out)


def _products(vectors, query, shares, out):
    size = len(query)
    for row in range(len(out)):
        at = row * size
        total = 0
        for i in range(size):
            total += vectors[at + i] * query[i]
        out[row] = total * shares[row]


# No constant of this kernel is read by Python code.
CONSTANTS: dict[str, int] = {}
