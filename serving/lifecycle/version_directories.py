"""The version directories of a model and the ones among them that its policy asks for."""

import logging
import re
from typing import TypeAlias

import tensorflow as tf
from tensorflow_serving.config.file_system_storage_path_source_pb2 import (
    FileSystemStoragePathSourceConfig,
)

from serving.status import StatusError, invalid_argument

Policy: TypeAlias = FileSystemStoragePathSourceConfig.ServableVersionPolicy
_NUMBER = re.compile(r"[+-]?[0-9]+")
_LARGEST = 2**63 - 1
_log = logging.getLogger(__name__)


def aspired_versions(name: str, base_path: str, policy: Policy) -> dict[int, str]:
    """The versions of a model that ought to be served now.

    Args:
        name: of the model, for messages.
        base_path: directory whose entries with a number for a name are versions.
        policy: latest (the default, one version), all or specific.

    Returns:
        Version number -> path of its directory; empty where there is none yet.

    Raises:
        StatusError: the directory is not there or cannot be listed.

    Example:
        >>> aspired_versions("half", "models/half", Policy())
        {2: 'models/half/2'}

    Source:
        TensorFlow Serving, sources/storage_path/file_system_storage_path_source.cc.
    """
    found = _versions(name, base_path)
    match policy.WhichOneof("policy_choice"):
        case "all":
            chosen = set(found)
        case "specific":
            chosen = set(policy.specific.versions) & set(found)
            for version in sorted(set(policy.specific.versions) - set(found)):
                _log.warning(
                    "Version %d of servable %s, which was requested to be served as a 'specific' "
                    "version in the servable's version policy, was not found in the file system",
                    version,
                    name,
                )
        case _:
            chosen = set(sorted(found)[-max(policy.latest.num_versions, 1) :])
    return {version: found[version] for version in sorted(chosen)}


def _versions(name: str, base_path: str) -> dict[int, str]:
    try:
        if not tf.io.gfile.exists(base_path):
            raise _unreadable(name, base_path, f"NOT_FOUND: {base_path} not found")
        entries = tf.io.gfile.listdir(base_path)
    except tf.errors.OpError as error:
        raise _unreadable(name, base_path, error.message) from error
    found: dict[int, str] = {}
    for entry in sorted(entry.strip("/") for entry in entries):
        if _NUMBER.fullmatch(entry) and abs(int(entry)) <= _LARGEST:
            found[int(entry)] = f"{base_path.rstrip('/')}/{entry}"
    if not found:
        _log.warning(
            "No versions of servable %s found under base path %s. Did you forget to name your "
            "leaf directory as a number (eg. '/1/')?",
            name,
            base_path,
        )
    return found


def _unreadable(name: str, base_path: str, reason: str) -> StatusError:
    return invalid_argument(
        f"Could not find base path {base_path} for servable {name} with error {reason}"
    )
