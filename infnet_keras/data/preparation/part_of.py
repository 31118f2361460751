"""A count with what it is a part of."""


def part_of(count: int, total: int, what: str) -> str:
    """Count, total and share in words.

    Args:
        count: some of them.
        total: all of them.
        what: they are, in the plural.

    Example:
        >>> part_of(1_234, 50_000, "rows"), part_of(0, 50_000, "rows")
        ('1,234 of 50,000 rows (2.47 %)', '0 of 50,000 rows')
    """
    share = f" ({100 * count / total:.2f} %)" if count and total else ""
    return f"{count:,} of {total:,} {what}{share}"
