"""Imports inside the package point one way."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "infnet_keras"


def _modules(root: Path) -> dict[str, ast.Module]:
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text("utf-8"))
    return found


def _imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """(module, name) of every import that runs, those inside functions included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue  # of types alone: it never runs
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from ((str(node.module), alias.name) for alias in node.names)
        yield from _imports(node)


def _graph(modules: dict[str, ast.Module]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for module, tree in modules.items():
        graph[module] = set()
        for source, name in _imports(tree):
            target = f"{source}.{name}" if f"{source}.{name}" in modules else source
            # A package stands above its own modules: what it gathers is not a way back.
            if target in modules and target != module:
                graph[module].add(target)
    return graph


def _circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert _circle(_graph(_modules(ROOT))) == []


@pytest.mark.parametrize("inside", ["", "def later() -> None:\n    "])
def test_a_circle_is_found_inside_functions_too(tmp_path: Path, inside: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "one.py").write_text("from package import two\n")
    (package / "two.py").write_text(f"{inside}from package.one import name\n")
    assert set(_circle(_graph(_modules(package)))) == {"package.one", "package.two"}


def test_opening_prepared_data_imports_no_preparation() -> None:
    graph = _graph(_modules(ROOT))
    reached, ahead = set(), ["infnet_keras.data.prepared.prepared_data"]
    while ahead:
        module = ahead.pop()
        if module not in reached:
            reached.add(module)
            ahead.extend(graph[module])
    assert not [name for name in reached if name.startswith("infnet_keras.data.preparation")]
