"""The notebook as it is committed and, in `make test-long`, as it runs now."""

import re
from pathlib import Path
from runpy import run_path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "from_spec_to_served_ranking.ipynb"
MADE_BY_THE_MACHINE = re.compile(r"/tmp/|/root|/home|/work|Traceback|(?i:warning)")


@pytest.fixture(scope="module")
def committed() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def pictures(notebook: nbformat.NotebookNode) -> list[int]:
    """How many pictures each cell has drawn."""
    return [
        sum("image/png" in output.get("data", {}) for output in cell.outputs)
        for cell in code_cells(notebook)
    ]


def test_it_is_small_and_was_run_from_its_first_cell_to_its_last(
    committed: nbformat.NotebookNode,
) -> None:
    nbformat.validate(committed)
    cells = code_cells(committed)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(pictures(committed)) >= 4
    assert NOTEBOOK.stat().st_size < 1_000_000


def test_it_shows_nothing_of_the_machine_that_ran_it(committed: nbformat.NotebookNode) -> None:
    for cell in code_cells(committed):
        assert not MADE_BY_THE_MACHINE.search(printed(cell)), printed(cell)
        assert {output.output_type for output in cell.outputs} <= {"stream", "display_data"}
        assert "stderr" not in {output.get("name") for output in cell.outputs}


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_every_cell_runs(committed: nbformat.NotebookNode, tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    run_path(str(NOTEBOOK.with_name("execute.py")))["execute"](notebook, tmp_path)
    assert pictures(notebook) == pictures(committed)
    for ran, before in zip(code_cells(notebook), code_cells(committed), strict=True):
        # Figures differ a little between machines; what is said of them does not.
        numbers = re.compile(r"\d+(\.\d+)?")
        assert numbers.sub("N", printed(ran)) == numbers.sub("N", printed(before)), ran.source
