import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serving.rest.decimal_text import format_decimal, format_decimals

BITS_32 = st.integers(0, 2**32 - 1)
BITS_64 = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9000000, "9e+06"),
        (999999, "999999.0"),
        (0.5, "0.5"),
        (0.0003, "0.0003"),
        (0.00003, "3e-05"),
        (555557.5, "555557.5"),
        (0.2, "0.2"),
        (1 / 3, "0.333333343"),
        (16777216, "16777216.0"),
        (0, "0.0"),
        (-0.0, "-0.0"),
        (-2.5, "-2.5"),
        (1.4e-45, "1.4013e-45"),
        (3.4028235e38, "3.40282347e+38"),
        (np.nan, "NaN"),
        (np.inf, "Infinity"),
        (-np.inf, "-Infinity"),
    ],
)
def test_floats(value, text):
    assert format_decimal(value, is_double=False) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.33333333333333331"),
        (1e100, "1e+100"),
        (123456789, "123456789.0"),
        (5e-324, "4.94066e-324"),
        (np.nan, "NaN"),
    ],
)
def test_doubles(value, text):
    assert format_decimal(value, is_double=True) == text


@given(st.lists(BITS_32))
@example(
    [0x0000_0001, 0x007F_FFFF, 0x0080_0000, 0x7F7F_FFFF, 0x8000_0000, 0xFF80_0000, 0x7FC0_0000]
)
def test_every_float_reads_back(bits):
    values = np.array(bits, np.uint32).view(np.float32)
    read = np.array([json.loads(text) for text in format_decimals(values)], np.float64)
    np.testing.assert_array_equal(read.astype(np.float32), values)


@given(st.lists(BITS_64))
def test_every_double_reads_back(bits):
    values = np.array(bits, np.uint64).view(np.float64)
    read = np.array([json.loads(text) for text in format_decimals(values)], np.float64)
    np.testing.assert_array_equal(read, values)


@given(st.lists(BITS_32))
def test_no_float_reads_as_an_integer(bits):
    values = np.array(bits, np.uint32).view(np.float32)
    assert all(isinstance(json.loads(text), float) for text in format_decimals(values))


def test_the_last_axis_is_fastest_whatever_the_strides():
    values = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert format_decimals(values) == ["0.0", "3.0", "1.0", "4.0", "2.0", "5.0"]
