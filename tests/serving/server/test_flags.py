"""The command line of the server."""

import pytest

from serving.server.flags import Flags, parse_flags


def test_defaults_are_those_of_the_real_server() -> None:
    flags = parse_flags([])
    assert flags == Flags()
    assert (flags.port, flags.rest_api_port, flags.model_name) == (8500, 0, "default")
    assert (flags.max_num_load_retries, flags.load_retry_interval_micros) == (5, 60_000_000)
    assert flags.file_system_poll_wait_seconds == 1
    assert flags.rest_api_timeout_in_ms == 30000
    assert flags.enable_model_warmup
    assert not flags.enable_batching
    assert flags.host == "127.0.0.1"


def test_values_after_a_space_or_an_equals_sign() -> None:
    apart = parse_flags(["--port", "1", "--model_name", "half", "--enable_model_warmup", "false"])
    joined = parse_flags(["--port=1", "--model_name=half", "--enable_model_warmup=false"])
    assert apart == joined
    assert not joined.enable_model_warmup


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--enable_batching"], True),
        (["--enable_batching=true"], True),
        (["--enable_batching=1"], True),
        (["--enable_batching", "--port=1"], True),
        (["--enable_batching=false"], False),
        (["--enable_batching=0"], False),
    ],
)
def test_truths(arguments: list[str], expected: bool) -> None:
    assert parse_flags(arguments).enable_batching is expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prot=1"], "unrecognized arguments: --prot=1"),
        (["--por", "1"], "unrecognized arguments"),  # no abbreviations
        (["--port=x"], "invalid int value: 'x'"),
        (["--enable_batching=maybe"], "'maybe' is neither true nor false"),
        (["--prefer_tflite_model"], "the embedded server does not have"),
        (["--platform_config_file=f"], "the embedded server does not have"),
    ],
)
def test_mistakes_end_the_command_with_a_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse_flags(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_every_flag_has_a_help_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse_flags(["--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    for name in ("--port", "--model_config_file", "--batching_parameters_file", "--host"):
        assert name in text
