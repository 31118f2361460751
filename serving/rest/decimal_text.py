"""Floating-point numbers as JSON text."""

import decimal

import numpy as np

from serving.saved_model.session import Array

_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def format_decimal(value: float, is_double: bool) -> str:
    """One number as TensorFlow Serving writes it.

    Args:
        value: the number.
        is_double: whether it is a double; otherwise it is rounded to a float first.

    Example:
        >>> format_decimal(9000000, is_double=False), format_decimal(0.1, is_double=False)
        ('9e+06', '0.1')
    """
    return format_decimals(np.array([value], np.float64 if is_double else np.float32))[0]


def format_decimals(values: Array) -> list[str]:
    """Numbers as TensorFlow Serving writes them.

    Six digits where they read back as the same number, else as many as always do (9 or 17);
    a whole number that has no exponent gets ".0", so that no reader takes it for an integer.

    Args:
        values: of any shape, float32 or float64.

    Returns:
        One text for each value, the last axis fastest.

    Example:
        >>> format_decimals(np.array([2.5, 3, 1 / 3, np.nan], np.float32))
        ['2.5', '3.0', '0.333333343', 'NaN']

    Source:
        WriteDecimal of TensorFlow Serving's util/json_tensor.cc.
    """
    flat = values.ravel()
    numbers = flat.tolist()
    texts = list(map("%.6g".__mod__, numbers))
    # Reading them as doubles and rounding to floats is exact: no decimal of six digits lies
    # so close to the middle between two floats that its double is that middle.
    read_back = np.array(list(map(float, texts)), np.float64).astype(flat.dtype)
    full = "%.17g" if flat.dtype == np.float64 else "%.9g"
    for index in np.flatnonzero(read_back != flat).tolist():
        texts[index] = full % numbers[index]
    texts = [text if "." in text or "e" in text else f"{text}.0" for text in texts]
    for index in np.flatnonzero(~np.isfinite(flat)).tolist():
        texts[index] = _NON_FINITE[str(numbers[index])]
    return texts


def shortest_decimal(value: float) -> str:
    """The shortest text that reads back as a finite double, as RapidJSON's Writer lays it out.

    (The Writer's own last digit, of 17, is at times another that reads back as well.)

    Example:
        >>> shortest_decimal(1e-05), shortest_decimal(1e-07), shortest_decimal(3.0)
        ('0.00001', '1e-7', '3.0')
    """
    parts = decimal.Decimal(repr(value)).normalize().as_tuple()
    digits, exponent = "".join(map(str, parts.digits)), int(parts.exponent)
    point = len(digits) + exponent
    if exponent >= 0 and point <= 21:
        text = f"{digits}{'0' * exponent}.0"
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1}"
    return f"-{text}" if parts.sign else text
