"""Rows of CSV as lists of cells, each cell as it is written: quotes stay where they are."""


def cells_of(line: bytes) -> list[bytes]:
    """The cells of a row without its line end; commas in quotes part nothing (RFC 4180)."""
    pieces = line.split(b",")
    if b'"' not in line:
        return pieces
    cells: list[bytes] = []
    quoted: list[bytes] = []
    for piece in pieces:
        odd = piece.count(b'"') % 2 == 1
        if quoted:
            quoted.append(piece)
            if odd:
                cells.append(b",".join(quoted))
                quoted = []
        elif odd:
            quoted = [piece]
        else:
            cells.append(piece)
    return [*cells, b",".join(quoted)] if quoted else cells


def row_of(cells: list[bytes]) -> bytes:
    """The row of these cells."""
    return b",".join(cells)
