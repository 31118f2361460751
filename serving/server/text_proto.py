"""Configuration files in protobuf's text format."""

import logging
from typing import TypeVar

import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import Message

from serving.status import Code, StatusError, invalid_argument

_log = logging.getLogger(__name__)
AnyMessage = TypeVar("AnyMessage", bound=Message)


def read_text_proto(path: str, message: AnyMessage) -> AnyMessage:
    """Read a file into a message.

    Args:
        path: of the file, on any file system that TensorFlow reads.
        message: an empty message of the type that the file holds; it is filled and returned.

    Raises:
        StatusError: the file cannot be read, or does not hold such a message; the log says where.

    Example:
        >>> read_text_proto("models.config", ModelServerConfig()).model_config_list.config[0].name
        'half'

    Source:
        TensorFlow Serving, util/proto_util.h; the log's words are protobuf's, text_format.cc.
    """
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            text = file.read()
    except tf.errors.OpError as error:
        raise StatusError(Code(error.error_code), error.message) from error
    try:
        text_format.Parse(text, message)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        _log.error("Error parsing text-format %s: %s", message.DESCRIPTOR.full_name, error)
        raise invalid_argument(f"Invalid protobuf file: '{path}'") from error
    return message
