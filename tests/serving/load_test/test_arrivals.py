"""When requests leave."""

import numpy as np
import pytest

from serving.load_test.arrivals import arrival_times


def test_fixed_arrivals_have_equal_gaps() -> None:
    times = arrival_times(20.0, 3.0, "fixed", seed=0, most=1000)
    np.testing.assert_allclose(times, np.arange(60) / 20.0)


def test_poisson_arrivals_have_exponential_gaps_and_the_exact_rate() -> None:
    times = arrival_times(50.0, 200.0, "poisson", seed=1, most=100_000)
    assert len(times) == 10_000
    assert 0.0 <= times[0] <= times[-1] < 200.0
    gaps = np.sort(np.diff(times))
    # The largest distance between the gaps' distribution and 1 - exp(-50 gap): 5 standard errors.
    seen = np.arange(1, len(gaps) + 1) / len(gaps)
    assert np.abs(seen - (1.0 - np.exp(-50.0 * gaps))).max() < 5 / np.sqrt(len(gaps))


def test_the_seed_chooses_the_arrivals() -> None:
    first, again, other = (arrival_times(9.0, 5.0, "poisson", seed, 99) for seed in (3, 3, 4))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("process", ["poisson", "fixed"])
def test_fewer_arrivals_than_the_rate_gives_end_earlier_at_the_same_rate(process: str) -> None:
    times = arrival_times(1e6, 1e6, process, seed=0, most=500)  # type: ignore[arg-type]
    assert len(times) == 500
    assert times[-1] < 500 / 1e6


@pytest.mark.parametrize("process", ["poisson", "fixed"])
def test_there_is_at_least_one_arrival(process: str) -> None:
    times = arrival_times(0.01, 2.0, process, seed=0, most=5)  # type: ignore[arg-type]
    assert len(times) == 1
    assert 0.0 <= times[0] < 2.0


@pytest.mark.parametrize(("rate", "seconds"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (1.0, np.inf)])
def test_rate_and_time_must_be_positive(rate: float, seconds: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        arrival_times(rate, seconds, "fixed", seed=0, most=10)
