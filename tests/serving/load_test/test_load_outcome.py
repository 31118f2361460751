"""The figures of a load."""

import math

import numpy as np
import pytest

from serving.load_test.outcome import Outcome, figures


def test_percentiles_are_numpys() -> None:
    latencies = np.random.default_rng(0).lognormal(-4.0, 1.0, 1237)
    found = figures([Outcome(latency, latency / 10) for latency in latencies], seconds=10.0)
    expected = np.percentile(latencies * 1e3, [50, 95, 99], method="inverted_cdf")
    np.testing.assert_allclose([found.p50, found.p95, found.p99], expected)
    assert found.p99 == pytest.approx(np.percentile(latencies * 1e3, 99), rel=0.05)
    assert found.longest == pytest.approx(latencies.max() * 1e3)
    assert found.lateness_p99 == pytest.approx(found.p99 / 10)
    assert found.answered_per_second == pytest.approx(123.7)
    assert (found.requests, found.errors, found.failed) == (1237, {}, 0)


def test_requests_without_an_answer_make_no_percentile_better() -> None:
    answered = [Outcome(0.010, 0.0)] * 96
    refused = [Outcome(0.001, 0.0, "RESOURCE_EXHAUSTED")] * 3 + [Outcome(9.0, 0.0, "UNAVAILABLE")]
    found = figures(answered + refused, seconds=2.0)
    assert found.p50 == found.p95 == 10.0
    assert found.p99 == found.longest == math.inf
    assert found.errors == {"RESOURCE_EXHAUSTED": 3, "UNAVAILABLE": 1}
    assert (found.failed, found.answered_per_second) == (4, 48.0)


def test_there_must_be_requests() -> None:
    with pytest.raises(ValueError, match="no requests"):
        figures([], 1.0)
