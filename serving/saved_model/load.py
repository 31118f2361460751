"""Loads a SavedModel directory into a session."""

import time
from collections.abc import Callable, Collection, Mapping

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from infnet_keras.features.numpy.unreadable import UnreadableValues
from serving.metrics.server_metrics import LOAD_ATTEMPT_COUNT, LOAD_LATENCY
from serving.saved_model.exported_spec import exported_spec
from serving.saved_model.saved_model_session import SavedModelSession
from serving.saved_model.servable import Servable
from serving.saved_model.session import Session
from serving.status import Code, StatusError, not_found, unknown

WrapSession = Callable[[Session, Mapping[str, SignatureDef]], Session]


def load_servable(
    name: str,
    version: int,
    path: str,
    tags: Collection[str],
    config: config_pb2.ConfigProto,
    wrap_session: WrapSession | None = None,
    check_method_names: bool = False,
) -> Servable:
    """Load one version of a model: its graph, variables, assets and initialisers.

    Args:
        name: of the model.
        version: number of the directory.
        path: of the version directory, local or on any file system that TensorFlow reads.
        tags: of the meta graph to load, `{"serve"}` as a rule.
        config: of the session, its thread pools above all.
        wrap_session: puts batching around the session; None leaves it plain.
        check_method_names: see `Servable`.

    Returns:
        A servable that answers requests.

    Raises:
        StatusError: nothing there, or nothing that loads; the message is TensorFlow's.

    Example:
        >>> load_servable("half", 1, "models/half/1", {"serve"}, ConfigProto()).signatures.keys()
        dict_keys(['serving_default'])
    """
    start = time.monotonic()
    try:
        session, signatures = _load(path, tags, config)
    except StatusError:
        LOAD_ATTEMPT_COUNT.increment(path, "fail")
        raise
    LOAD_ATTEMPT_COUNT.increment(path, "success")
    LOAD_LATENCY.increment(path, amount=int((time.monotonic() - start) * 1e6))
    plain: Session = SavedModelSession(session)
    wrapped = wrap_session(plain, signatures) if wrap_session else plain
    spec = exported_spec(path)
    unreadable = None if spec is None else UnreadableValues(spec)
    return Servable(name, version, path, signatures, wrapped, check_method_names, unreadable)


def _load(
    path: str, tags: Collection[str], config: config_pb2.ConfigProto
) -> tuple[tf.compat.v1.Session, dict[str, SignatureDef]]:
    if not any(
        tf.io.gfile.exists(f"{path}/saved_model.{suffix}") for suffix in ("pb", "pbtxt", "cpb")
    ):
        raise not_found(
            "Could not find SavedModel .pb or .pbtxt at supplied export directory path: "
            f"{path}. Check that the directory exists and that you have the right permissions "
            "for accessing it."
        )
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    try:
        with session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.loader.load(session, list(tags), path)
        return session, dict(meta_graph.signature_def)
    except tf.errors.OpError as error:
        session.close()
        raise StatusError(Code(error.error_code), error.message) from error
    except OSError as error:
        session.close()
        raise StatusError(Code.DATA_LOSS, f"{path} is damaged: {error}") from error
    except RuntimeError as error:
        session.close()
        if "tags" not in str(error):
            raise unknown(f"{path} cannot be loaded: {error}") from error
        raise not_found(
            "Could not find meta graph def matching supplied tags: { "
            f"{' '.join(tags)} }}. To inspect available tag-sets in the SavedModel, please use "
            "the SavedModel CLI: `saved_model_cli`"
        ) from error
    except Exception as error:
        # A corrupt file fails in many ways (a proto that does not parse, a graph that refers to
        # what is not there): whichever it is, it is this version's error, never the server's end.
        session.close()
        raise unknown(f"{path} cannot be loaded: {error}") from error
