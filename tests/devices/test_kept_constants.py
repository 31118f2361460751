"""Constants that torch keeps on the device are what torch would make of them."""

import numpy as np
import pytest

pytestmark = pytest.mark.backend("torch")

CONTENTS = [True, 3, -2.5, [], [1, 2], (0.5, float("nan")), [[1], [2]], np.float64(0.1), 2**40]
ARRAYS = [np.arange(3), np.zeros((2, 0)), np.array(7, "int16"), np.array([True, False])]


@pytest.mark.parametrize("dtype", [None, "float32", "bfloat16", "int64"])
@pytest.mark.parametrize("content", [*CONTENTS, *ARRAYS], ids=repr)
def test_constants_are_those_of_torch(content, dtype):
    import torch

    from infnet_keras.devices.kept_constants import KeptConstants

    options = {} if dtype is None else {"dtype": getattr(torch, dtype)}
    if dtype == "int64" and np.isnan(np.asarray(content, float)).any():
        pytest.skip("NaN is no whole number")
    with KeptConstants():
        found = [torch.as_tensor(content, **options) for _ in range(3)]
        found.append(torch.tensor(content, **options))
    for each in found:
        torch.testing.assert_close(each, torch.tensor(content, **options), equal_nan=True)


def test_equal_numbers_of_other_kinds_are_other_constants():
    import torch

    from infnet_keras.devices.kept_constants import KeptConstants

    with KeptConstants():
        made = [torch.as_tensor(content) for content in (1, 1.0, True, [1], np.int16(1), -0.0, 0.0)]
    assert [str(each.dtype).removeprefix("torch.") for each in made] == [
        *("int64", "float32", "bool", "int64", "int16", "float32", "float32")
    ]
    assert torch.signbit(made[-2])
    assert not torch.signbit(made[-1])


def test_a_constant_that_is_written_to_is_new_the_next_time():
    import torch

    from infnet_keras.devices.kept_constants import KeptConstants

    array = np.zeros(2)
    with KeptConstants():
        torch.tensor([1.0]).add_(5.0)
        assert torch.tensor([1.0]).item() == 1.0
        torch.as_tensor(array)
        array += 3.0
        assert torch.as_tensor(array).tolist() == [3.0, 3.0]


def test_tensors_pass_as_they_are():
    import torch

    from infnet_keras.devices.kept_constants import KeptConstants

    given = torch.zeros(2)
    with KeptConstants():
        assert torch.as_tensor(given) is given
        assert torch.as_tensor([given[0], given[1] + 1]).tolist() == [0.0, 1.0]
