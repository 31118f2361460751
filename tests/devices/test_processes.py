"""What processes of a training tell one another, and how they end."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from infnet_keras.devices.processes import ProcessFailed, run_in_processes
from infnet_keras.devices.share import Share, share
from infnet_keras.errors import DataError, ModelError

pytestmark = pytest.mark.backend("torch")

# Two rows of each of two processes.
WHOLE = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])


def tell(say, start):
    """Each collective, against NumPy on what both processes have."""
    import torch

    from infnet_keras.devices import torch_collectives as collectives

    mine = share()
    own = WHOLE[mine.rows(4)]
    part = torch.tensor(own, requires_grad=True)
    whole = collectives.WholeBatch.apply(part)
    np.testing.assert_array_equal(whole.detach().numpy(), WHOLE)
    (whole**3).sum().backward()
    # Of the whole batch's loss, times 2: the mean over the processes is taken later.
    np.testing.assert_allclose(part.grad.numpy(), 2 * 3 * own**2)
    flags = collectives.WholeBatch.apply(torch.tensor([True, mine.rank == 1]))
    assert flags.tolist() == [True, False, True, True]
    mean = collectives.mean_over_processes(torch.tensor([mine.rank, 4.0]))
    assert mean.tolist() == [0.5, 4.0]
    assert collectives.from_all_processes({"rank": mine.rank}) == [{"rank": 0}, {"rank": 1}]
    say(f"{start} {mine.rank} of {mine.devices}")


def test_what_processes_tell_one_another():
    lines = []
    run_in_processes(2, tell, "process", say=lines.append)
    assert sorted(lines) == ["process 0 of 2", "process 1 of 2"]
    assert share() == Share(0, 1)  # this process trains alone


def wait_for_the_other():
    from torch import distributed

    distributed.barrier()


def refuse(say):
    say("begun")
    if share().rank == 1:
        raise DataError("the second process finds nothing to read")
    wait_for_the_other()


def test_what_one_process_refuses_is_raised_and_ends_the_other():
    lines = []
    with pytest.raises(DataError, match="the second process finds nothing to read"):
        run_in_processes(2, refuse, say=lines.append)
    assert lines == ["begun", "begun"]


def die(say, folder):
    (folder / str(share().rank)).write_text(str(os.getpid()))
    wait_for_the_other()
    if share().rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    wait_for_the_other()


def test_a_killed_process_ends_the_other(tmp_path: Path):
    with pytest.raises(ModelError, match=r"device 1 was killed \(SIGKILL\).*the same command"):
        run_in_processes(2, die, tmp_path, say=print)
    for rank in "01":
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / rank).read_text()), 0)


def fail(say):
    if share().rank == 0:
        raise ZeroDivisionError("a mistake of ours")
    wait_for_the_other()


def test_a_mistake_of_the_code_is_shown_as_it_is():
    with pytest.raises(ProcessFailed, match="ZeroDivisionError: a mistake of ours"):
        run_in_processes(2, fail, say=print)


def test_one_process_has_the_whole_batch():
    from keras import ops

    from infnet_keras.devices.whole_batch import (
        from_all_devices,
        mean_over_devices,
        own_share,
        whole_batch,
        whole_batches,
    )

    values = ops.convert_to_tensor(WHOLE)
    assert whole_batch(values) is values
    assert own_share(values) is values
    assert mean_over_devices(values) is values
    assert whole_batches({"one": values})["one"] is values
    assert from_all_devices("all") == ["all"]
