"""Shared objects that were linked against a newer C library than they need.

TFX 1.21's native modules ask for glibc 2.39 and GCC 14's libstdc++, of which they use nothing that
older ones lack: `strtol` under the name that C23 gave it, one symbol that GCC 13 renamed, and one
that is a mark of the linker alone.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

Version = tuple[int, ...]

# What the oldest supported system has: Debian 12 (Ubuntu 22.04 has glibc 2.35).
_HAS: dict[str, Version] = {"GLIBC": (2, 35), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13)}
_SAME_AS = {
    b"__isoc23_strtol": b"strtol",
    b"__isoc23_strtoll": b"strtoll",
    b"__isoc23_strtoul": b"strtoul",
    b"__isoc23_strtoull": b"strtoull",
    b"__cxa_call_terminate": b"abort",
}
_UNUSED = {b"_ZSt21ios_base_library_initv"}
_DYNSYM, _VERNEED, _VERSYM = 11, 0x6FFFFFFE, 0x6FFFFFFF
_WEAK_SYMBOL, _WEAK_VERSION = 2 << 4, 2
_SYMBOL_SIZE = 24


class _Section(NamedTuple):
    """A section header of ELF64."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int


class _Requirement(NamedTuple):
    """A symbol version that a library must have; `at` is its record's place in the file."""

    name: bytes
    at: int


def for_older_systems(shared_object: bytes) -> tuple[bytes, Version]:
    """Point the references that are too new at what they are the same as.

    No byte is inserted or removed; what needs nothing comes back as it is.

    Args:
        shared_object: a file; anything but little-endian ELF64 is left alone.

    Returns:
        The file, and the newest glibc version that it still asks for.

    Raises:
        ValueError: it uses a symbol that has no older name.
    """
    data = bytearray(shared_object)
    if data[:4] != b"\x7fELF" or data[4] != 2 or data[5] != 1:
        return shared_object, (0,)
    sections = list(_sections(data))
    by_kind = {section.kind: section for section in sections}
    if not {_DYNSYM, _VERNEED, _VERSYM} <= by_kind.keys():
        return shared_object, (0,)
    symbols, symbol_versions = by_kind[_DYNSYM], by_kind[_VERSYM]
    text_section = sections[symbols.link]
    texts = bytes(data[text_section.offset : text_section.offset + text_section.size])
    required = dict(_requirements(data, by_kind[_VERNEED], texts))
    too_new = {index for index, needed in required.items() if _is_too_new(needed.name)}
    for number in range(symbols.size // _SYMBOL_SIZE):
        symbol = symbols.offset + _SYMBOL_SIZE * number
        version_at = symbol_versions.offset + 2 * number
        (defined_in,) = struct.unpack_from("<H", data, symbol + 6)
        (version,) = struct.unpack_from("<H", data, version_at)
        if defined_in == 0 and version & 0x7FFF in too_new:
            _redirect(data, symbol, texts)
            struct.pack_into("<H", data, version_at, 1)  # of any version
    for index in too_new:  # the loader then only warns where a version is missing
        flags_at = required[index].at + 4
        (flags,) = struct.unpack_from("<H", data, flags_at)
        struct.pack_into("<H", data, flags_at, flags | _WEAK_VERSION)
    left = (_parsed(needed.name) for index, needed in required.items() if index not in too_new)
    newest = max((number for library, number in left if library == "GLIBC"), default=(0,))
    return bytes(data), newest


def _redirect(data: bytearray, symbol: int, texts: bytes) -> None:
    (name_at,) = struct.unpack_from("<I", data, symbol)
    name = _text(texts, name_at)
    if name in _UNUSED:
        data[symbol + 4] = _WEAK_SYMBOL | (data[symbol + 4] & 0xF)
        return
    older = _SAME_AS.get(name)
    at = -1 if older is None else texts.find(older + b"\0")
    if at < 0:
        raise ValueError(f"no older name is known for the symbol {name.decode()}")
    struct.pack_into("<I", data, symbol, at)


def _sections(data: bytearray) -> Iterator[_Section]:
    (offset,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    for number in range(count):
        yield _Section(*struct.unpack_from("<IIQQQQIIQQ", data, offset + number * size))


def _requirements(
    data: bytearray, section: _Section, texts: bytes
) -> Iterator[tuple[int, _Requirement]]:
    library = section.offset
    for _ in range(section.info):
        _, count, _, first, following = struct.unpack_from("<HHIII", data, library)
        record = library + first
        for _ in range(count):
            _, _, index, name, more = struct.unpack_from("<IHHII", data, record)
            yield index & 0x7FFF, _Requirement(_text(texts, name), record)
            record += more
        library += following


def _is_too_new(version_name: bytes) -> bool:
    library, number = _parsed(version_name)
    return library in _HAS and number > _HAS[library]


def _parsed(version_name: bytes) -> tuple[str, Version]:
    found = re.fullmatch(rb"(GLIBC|GLIBCXX|CXXABI)_([0-9.]+)", version_name)
    if found is None:
        return "", ()
    return found[1].decode(), tuple(int(part) for part in found[2].split(b"."))


def _text(texts: bytes, at: int) -> bytes:
    return texts[at : texts.index(b"\0", at)]
