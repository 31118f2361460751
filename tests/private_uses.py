"""Finds what Python files use of other packages that is not public, by their syntax alone."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

# These modules and all below them are private.
_PRIVATE_MODULES = ("keras.src", "tensorflow.python", "tensorflow.compiler", "jax.interpreters")
_UVICORN = "uvicorn."  # its documentation names what `import uvicorn` gives, and no module below
# Spelt as public names are, and in no documentation.
_UNDOCUMENTED = {"jax_state_sync", "structured_outputs"}
# Spelt as private names are, and documented by Python.
_DOCUMENTED = {"_asdict", "_replace", "_fields", "_exit"}
_BY_NAME = ("getattr", "hasattr", "setattr", "delattr")


def private_uses(root: Path, files: Iterable[Path]) -> dict[tuple[str, str], int]:
    """What is used of other packages' private parts.

    A name with one leading underscore is an own one if the same file defines it, or, where it
    belongs to `self`, `cls` or `super()`, if another of the files does.

    Args:
        root: directory that the files' names start from.
        files: with Python.

    Returns:
        (file, name) -> the line of the first use; the name of a module is dotted.
    """
    trees = {path: ast.parse(path.read_text("utf-8")) for path in files}
    defined = {path: set(_defined(tree)) for path, tree in trees.items()}
    found: dict[tuple[str, str], int] = {}
    for path, tree in trees.items():
        elsewhere = set().union(*(names for other, names in defined.items() if other != path))
        for name, line in _used(tree, defined[path], elsewhere):
            found.setdefault((path.relative_to(root).as_posix(), name), line)
    return found


def _used(tree: ast.AST, here: set[str], elsewhere: set[str]) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                yield from ((a.name, node.lineno) for a in aliases if _is_private_module(a.name))
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for name in (f"{module}.{alias.name}" for alias in aliases):
                    if _is_private_module(name):
                        yield name, node.lineno
            case ast.Attribute(value=of, attr=name):
                own = name in here
                if isinstance(of, ast.Name) and of.id in ("self", "cls"):
                    own = own or name in elsewhere
                elif isinstance(of, ast.Call) and ast.unparse(of.func) == "super":
                    own = name in elsewhere
                if (_is_private(name) and not own) or name in _UNDOCUMENTED:
                    yield name, node.lineno
            case ast.Call(func=ast.Name(id=function), args=[_, ast.Constant(value=str(name)), *_]):
                if function in _BY_NAME and (_is_private(name) or name in _UNDOCUMENTED):
                    yield name, node.lineno


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in _DOCUMENTED


def _is_private_module(name: str) -> bool:
    if any(_is_private(part) for part in name.split(".")):
        return True
    return name.startswith(_UVICORN) or any(
        name == private or name.startswith(f"{private}.") for private in _PRIVATE_MODULES
    )
