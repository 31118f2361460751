"""One record of an event file: TensorBoard's protocol buffer in TFRecord's frame.

The few fields that scalars need are written here, so that training needs neither TensorFlow nor
TensorBoard; who looks at the curves installs the latter.
"""

import struct
from collections.abc import Iterator, Mapping

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, reflected
_MASK_DELTA = 0xA282EAD8
_FRAME = struct.Struct("<QI")  # length, its checksum
_CHECKSUM = struct.Struct("<I")


def version_record(wall_time: float) -> bytes:
    """The record that an event file begins with.

    Args:
        wall_time: seconds since 1970.
    """
    version = b"brain.Event:2"
    return _framed(_double(1, wall_time) + _bytes(3, version))


def scalars_record(step: int, scalars: Mapping[str, float], wall_time: float) -> bytes:
    """The record of what was measured at a step.

    Args:
        step: optimiser steps done.
        scalars: tag -> value, which is kept as a 32-bit float.
        wall_time: seconds since 1970.

    Example:
        >>> record = scalars_record(48, {"loss": 1.5}, wall_time=0.0)
        >>> [record] == list(intact_records(record + record[:20]))  # a kill cut the second one off
        True

    Reference:
        tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
    """
    values = b"".join(
        _bytes(1, _bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value))
        for tag, value in scalars.items()
    )
    return _framed(_double(1, wall_time) + b"\x10" + _varint(step) + _bytes(5, values))


def intact_records(content: bytes) -> Iterator[bytes]:
    """The records of an event file, up to the first that was not written to its end."""
    place = 0
    while place + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, place)
        end = place + _FRAME.size + length
        if checksum != _masked(content[place : place + 8]) or end + _CHECKSUM.size > len(content):
            return
        (checksum,) = _CHECKSUM.unpack_from(content, end)
        if checksum != _masked(content[end - length : end]):
            return
        yield content[place : end + _CHECKSUM.size]
        place = end + _CHECKSUM.size


def _framed(event: bytes) -> bytes:
    length = struct.pack("<Q", len(event))
    frame = length + _CHECKSUM.pack(_masked(length))
    return frame + event + _CHECKSUM.pack(_masked(event))


def _double(field: int, value: float) -> bytes:
    return bytes([field << 3 | 1]) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _table() -> list[int]:
    table = []
    for remainder in range(256):
        for _ in range(8):
            remainder = remainder >> 1 ^ (_POLYNOMIAL if remainder & 1 else 0)
        table.append(remainder)
    return table


_TABLE = _table()


def _masked(content: bytes) -> int:
    """CRC-32C, masked as TFRecord asks."""
    remainder = 0xFFFFFFFF
    for byte in content:
        remainder = remainder >> 8 ^ _TABLE[(remainder ^ byte) & 0xFF]
    checksum = remainder ^ 0xFFFFFFFF
    return ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & 0xFFFFFFFF
