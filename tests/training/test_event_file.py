"""The event file of a run holds its evaluations, each once, whatever happened meanwhile."""

import time
from pathlib import Path

import numpy as np
import pytest
from event_values import event_values, wall_times

from infnet_keras.training.tracking.event_file import EventFile
from infnet_keras.training.training_state import Evaluation


def evaluation(number: int) -> Evaluation:
    """One of two tasks with odd names, of which one has no gAUC."""
    auc = {"click": 0.5 + 0.01 * number, "né / 好": None}
    gauc = {"click": None, "né / 好": 0.4}
    return Evaluation(number, 1 << (7 * number), 2.0 / number, 0.6, auc, gauc, -0.25)


def values(number: int) -> tuple[int, dict[str, float]]:
    """The same as an event's, in 32 bits."""
    auc = float(np.float32(0.5 + 0.01 * number))
    tags = {"loss": float(np.float32(2.0 / number)), "auc/mean": float(np.float32(0.6))}
    tags |= {"auc/click": auc, "gauc/né / 好": float(np.float32(0.4)), "task_cosine": -0.25}
    return 1 << (7 * number), tags


def written(directory: Path, numbers: range, earlier: range = range(1, 1)) -> EventFile:
    file = EventFile(directory)
    file.begin([evaluation(number) for number in earlier])
    for number in numbers:
        file.append(evaluation(number))
    return file


def test_tensorflow_reads_what_was_written(tmp_path: Path) -> None:
    """The steps take from two bytes to six."""
    before = time.time()
    written(tmp_path / "events", range(1, 6))
    assert event_values(tmp_path / "events") == [values(number) for number in range(1, 6)]
    times = wall_times(tmp_path / "events")
    assert len(times) == 6  # the version's, too
    assert before <= times[0] <= times[-1] <= time.time()


def test_a_run_that_continues_drops_what_was_not_committed(tmp_path: Path) -> None:
    written(tmp_path, range(1, 5))
    kept = wall_times(tmp_path)[:3]
    written(tmp_path, range(3, 5), earlier=range(1, 3))
    assert event_values(tmp_path) == [values(number) for number in range(1, 5)]
    assert wall_times(tmp_path)[:3] == kept
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("cut", [1, 5, 17])
def test_a_record_that_a_kill_cut_off_is_dropped(tmp_path: Path, cut: int) -> None:
    written(tmp_path, range(1, 4))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    (tmp_path / f"partial.{path.name}").write_bytes(b"half of it")
    written(tmp_path, range(3, 5), earlier=range(1, 3))
    assert event_values(tmp_path) == [values(number) for number in range(1, 5)]


@pytest.mark.parametrize("damage", ["gone", "zeros", "another byte"])
def test_a_file_without_the_earlier_records_is_written_anew(tmp_path: Path, damage: str) -> None:
    written(tmp_path, range(1, 4))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "zeros":
        path.write_bytes(content[:60] + bytes(len(content) - 60))
    else:
        path.write_bytes(content[:60] + bytes([content[60] ^ 1]) + content[61:])
    written(tmp_path, range(4, 5), earlier=range(1, 4))
    assert event_values(tmp_path) == [values(number) for number in range(1, 5)]
