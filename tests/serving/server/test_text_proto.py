"""Configuration files."""

from pathlib import Path

import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.text_proto import read_text_proto
from serving.status import Code, StatusError


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    path.write_text('model_config_list { config { name: "half" base_path: "/m" } }')
    config = read_text_proto(str(path), ModelServerConfig())
    assert config.model_config_list.config[0].name == "half"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StatusError) as error:
        read_text_proto(str(tmp_path / "none"), ModelServerConfig())
    assert error.value.code is Code.NOT_FOUND
    assert "none" in error.value.message


@pytest.mark.parametrize("text", ["model_config_list {", "nonsense: 1", "\0\1\2"])
def test_a_file_of_something_else_says_which_and_where(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """TensorFlow Serving, util/proto_util.h:37; the log is protobuf's."""
    path = tmp_path / "bad.config"
    path.write_text(text)
    with pytest.raises(StatusError) as error:
        read_text_proto(str(path), ModelServerConfig())
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == f"Invalid protobuf file: '{path}'"
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig: 1:" in caplog.text
