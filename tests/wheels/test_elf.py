"""References to a newer C library, in shared objects that are compiled here."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from tfx_pipeline.wheels.elf import for_older_systems

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler to test with")

NEWER_LIBRARY = "long __isoc23_strtol(const char *t, char **e, int b) { return -1; }\n"
VERSIONS = "GLIBC_2.99 { global: %s; local: *; };\n"
USER = """
extern long strtol(const char *, char **, int);
extern long __isoc23_strtol(const char *, char **, int);
long older(const char *text) { return strtol(text, 0, 10); }
long newer(const char *text) { return __isoc23_strtol(text, 0, 10); }
"""


def compile_user(directory: Path, symbol: str) -> Path:
    """A module that asks libc.so.6 for a symbol of a version that no system has."""
    (directory / "library.c").write_text(NEWER_LIBRARY.replace("__isoc23_strtol", symbol))
    (directory / "versions").write_text(VERSIONS % symbol)
    (directory / "user.c").write_text(USER.replace("__isoc23_strtol", symbol))
    gcc = ["gcc", "-shared", "-fPIC", "-w"]
    library, user = directory / "libnewer.so", directory / "user.so"
    options = ["-Wl,-soname,libc.so.6", f"-Wl,--version-script={directory / 'versions'}"]
    subprocess.run(
        [*gcc, *options, "-nostdlib", directory / "library.c", "-o", library], check=True
    )
    subprocess.run([*gcc, directory / "user.c", library, "-o", user], check=True)
    return user


def test_a_newer_reference_becomes_the_older_one(tmp_path: Path) -> None:
    user = compile_user(tmp_path, "__isoc23_strtol")
    with pytest.raises(OSError, match=r"GLIBC_2\.99"):
        ctypes.CDLL(str(user))
    adapted, needed = for_older_systems(user.read_bytes())
    (tmp_path / "adapted.so").write_bytes(adapted)
    loaded = ctypes.CDLL(str(tmp_path / "adapted.so"))
    assert loaded.newer(b"123") == loaded.older(b"123") == 123
    assert needed < (2, 99)


def test_a_symbol_without_an_older_name_is_refused(tmp_path: Path) -> None:
    user = compile_user(tmp_path, "made_up_symbol")
    with pytest.raises(ValueError, match="made_up_symbol"):
        for_older_systems(user.read_bytes())


def test_what_needs_nothing_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "plain.c").write_text("int one(void) { return 1; }\n")
    plain = tmp_path / "plain.so"
    subprocess.run(["gcc", "-shared", "-fPIC", tmp_path / "plain.c", "-o", plain], check=True)
    assert for_older_systems(plain.read_bytes())[0] == plain.read_bytes()
    assert for_older_systems(b"text") == (b"text", (0,))
