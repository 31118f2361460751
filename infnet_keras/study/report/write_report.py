"""Write everything that is read of a study."""

from pathlib import Path

from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.files.whole_file import write_whole
from infnet_keras.study.differences import differences
from infnet_keras.study.report.markdown import markdown
from infnet_keras.study.report.page import page
from infnet_keras.study.report.sections import sections
from infnet_keras.study.results import Results
from infnet_keras.study.run_study import StudyRuns, answers
from infnet_keras.study.write_tables import write_tables


def write_report(runs: StudyRuns, data: PreparedData, processes: int) -> Path:
    """Write `tables/*.csv`, `report.md` and `report.html` of what is finished.

    Args:
        runs: of the study; its searches have ended.
        data: what was trained on.
        processes: that trained side by side.

    Returns:
        The path of the HTML page.

    Raises:
        InfnetError: matplotlib is not installed.
    """
    results, file = Results(runs), runs.study.file
    found = [] if results.reference is None else differences(results, file.bootstrap)
    answered = {one.label: one.answer for one in answers(runs)}
    timing = answered.get("timing inference")
    write_tables(results, found, timing, runs.directory.tables)
    attention = answered.get("averaging attention")
    parts = sections(results, data, found, timing, attention, processes)
    title = f"Study {file.name}"
    out = runs.directory.path
    for name, text in (
        ("report.md", markdown(title, parts)),
        ("report.html", page(title, parts)),
    ):
        _write(out / name, text)
    return out / "report.html"


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
