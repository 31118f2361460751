"""Execute a notebook in place: `make notebook`, or `python notebooks/execute.py FILE`."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

_SECONDS = 900  # of one cell, the export's comparison in a fresh process included


def execute(notebook: nbformat.NotebookNode, directory: Path) -> None:
    """Run all cells, from an empty state, and keep what they print and draw.

    What libraries log on standard error while they are loaded is about the machine and dropped; a
    cell that fails raises.

    Args:
        notebook: changed in place.
        directory: where the cells run.
    """
    client = NotebookClient(
        notebook,
        timeout=_SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(directory)}},
    )
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]


if __name__ == "__main__":
    file = Path(sys.argv[1])
    read = nbformat.read(file, as_version=4)
    execute(read, file.parent)
    nbformat.write(read, file)
