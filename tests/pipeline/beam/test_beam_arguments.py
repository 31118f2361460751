"""Which options are a program's own, which are Beam's, and which are neither."""

import argparse

import pytest

from infnet_keras.cli.beam_arguments import parsed_with_beam


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--valid-from")
    parser.add_argument("--output")
    return parser


def test_options_of_beam_are_passed_on(parser) -> None:
    options = ["--direct_num_workers=2", "--runner", "DirectRunner", "--experiments=valid_from"]
    parsed, beam_options = parsed_with_beam(parser, ["--valid-from", "0.8", *options])
    assert parsed.valid_from == "0.8"
    assert beam_options == options


@pytest.mark.parametrize("misspelt", [["--valid_from=0.8"], ["--output", "o", "--valid_from", "1"]])
def test_an_own_option_with_underscores(parser, capsys, misspelt) -> None:
    with pytest.raises(SystemExit) as error:
        parsed_with_beam(parser, misspelt)
    assert error.value.code == 2
    assert "there is no option --valid_from; write --valid-from" in capsys.readouterr().err
