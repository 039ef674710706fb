"""The CRC64 of a whole from those of its parts, without reading it again.

CRC-64/XZ: reflected, so a number holds the coefficient of x^0 in its highest bit. What stands before ``n`` bytes counts
as multiplied by x^(8n), modulo the polynomial; zlib's crc32_combine does the same for CRC-32."""

from __future__ import annotations

from functools import cache

_POLYNOMIAL = 0xC96C5795D7870F42
_ONE = 1 << 63


def combined(first: int, second: int, size: int) -> int:
    """The CRC64 of two texts, one behind the other; ``size``: bytes of the second."""
    return _times(_shift(size), first) ^ second


@cache
def _shift(size: int) -> int:
    """x^(8 * size)."""
    result, power = _ONE, _ONE >> 8
    while size:
        if size & 1:
            result = _times(power, result)
        power = _times(power, power)
        size >>= 1
    return result


def _times(one: int, other: int) -> int:
    product = 0
    bit = _ONE
    while bit and one:
        if one & bit:
            product ^= other
            one ^= bit
        bit >>= 1
        other = (other >> 1) ^ (_POLYNOMIAL if other & 1 else 0)
    return product
