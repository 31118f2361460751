"""Open loops against a real socket: nothing that delays a request is left out."""

import time

import numpy as np
from load_test_servers import StartServer

from serving.load_test.open_loop import open_loop, saturation
from serving.load_test.outcome import figures
from serving.load_test.rest_sender import RestSender

STALL = 0.6


def test_a_stall_delays_every_request_that_was_to_be_sent_meanwhile(
    one_at_a_time: StartServer,
) -> None:
    times = (np.arange(60) / 50.0).tolist()  # one each 20 ms
    with (
        one_at_a_time(lambda number: STALL if number == 10 else 0.0) as server,
        RestSender(server.address, "any", 64) as sender,
    ):
        outcomes, seconds = open_loop(sender, b"{}", times, 10.0, most_in_flight=64)
    latencies = np.array([outcome.latency for outcome in outcomes])
    assert len(outcomes) == 60
    assert not any(outcome.error for outcome in outcomes)
    # 30 requests were to be sent during the stall. Asked one after the other, one was slow.
    assert (latencies > 0.1).sum() >= 20
    assert STALL <= latencies.max() < STALL + 1.0
    assert figures(outcomes, seconds).p95 > 300.0


def test_requests_that_wait_here_for_room_count_from_their_time_too(
    one_at_a_time: StartServer,
) -> None:
    with (
        one_at_a_time(lambda number: STALL if number == 0 else 0.0) as server,
        RestSender(server.address, "any", 1) as sender,
    ):
        outcomes, _ = open_loop(sender, b"{}", [0.0, 0.1, 0.2, 0.3], 10.0, most_in_flight=1)
    outcomes.sort(key=lambda outcome: outcome.latency, reverse=True)
    for outcome, time_left in zip(outcomes, (0.6, 0.5, 0.4, 0.3), strict=True):
        assert time_left <= outcome.latency < time_left + 0.3
    assert outcomes[3].lateness >= 0.3
    assert outcomes[0].lateness < 0.3


def test_a_server_that_never_answers_ends_the_loop_with_errors(one_at_a_time: StartServer) -> None:
    start = time.perf_counter()
    with (
        one_at_a_time(lambda number: 3.0) as server,
        RestSender(server.address, "any", 2) as sender,
    ):
        outcomes, _ = open_loop(sender, b"{}", [0.0, 0.01, 0.02, 0.03], 0.3, most_in_flight=2)
        assert time.perf_counter() - start < 2.0
    assert [outcome.error for outcome in outcomes] == ["DEADLINE_EXCEEDED"] * 4
    assert all(outcome.latency >= 0.29 for outcome in outcomes)


def test_no_server_is_an_error_of_each_request(one_at_a_time: StartServer) -> None:
    with one_at_a_time(lambda number: 0.0) as server:
        address = server.address
    with RestSender(address, "any", 2) as sender:
        outcomes, _ = open_loop(sender, b"{}", [0.0, 0.0], 1.0, most_in_flight=2)
    assert [outcome.error for outcome in outcomes] == ["UNAVAILABLE"] * 2


def test_saturation_is_what_a_server_can_do(one_at_a_time: StartServer) -> None:
    with (
        one_at_a_time(lambda number: 0.02) as server,
        RestSender(server.address, "any", 4) as sender,
    ):
        found = saturation(sender, b"{}", seconds=1.0, timeout=5.0, in_flight=4)
    assert 15.0 < found <= 50.0
    busy = np.diff(server.begun)
    assert np.median(busy) < 0.05


def test_an_unreachable_server_has_no_saturation(one_at_a_time: StartServer) -> None:
    with one_at_a_time(lambda number: 0.0) as server:
        address = server.address
    with RestSender(address, "any", 2) as sender:
        assert saturation(sender, b"{}", seconds=0.2, timeout=1.0, in_flight=2) == 0.0
