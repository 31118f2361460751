"""`import infnet_keras` is light; what it offers is loaded on first use."""

import subprocess
import sys

SUBPACKAGES = ("callbacks", "layers", "losses", "metrics", "models", "testing")
BACKENDS = ("keras", "tensorflow", "jax", "torch")


def run(code: str) -> str:
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout


def test_importing_the_package_loads_neither_keras_nor_a_backend():
    code = f"import sys, infnet_keras; print([n for n in {BACKENDS} if n in sys.modules])"
    assert run(code).strip() == "[]"


def test_exact_metrics_need_no_keras():
    code = (
        "import sys, infnet_keras\n"
        "assert infnet_keras.metrics.auc([0, 1], [0.1, 0.2]) == 1.0\n"
        f"print([n for n in {BACKENDS} if n in sys.modules])"
    )
    assert run(code).strip() == "[]"


def test_subpackages_are_attributes():
    code = (
        "import infnet_keras\n"
        f"assert set({SUBPACKAGES}) <= set(dir(infnet_keras)), dir(infnet_keras)\n"
        "tables = infnet_keras.layers.EmbeddingTables({'video': 9}, 4, {'video_id': 'video'})\n"
        "print(tables.name, infnet_keras.losses.MaskedBinaryCrossentropy().name,\n"
        "      infnet_keras.metrics.AUC().name, infnet_keras.callbacks.ExactAUC.__name__,\n"
        "      infnet_keras.models.INFNet.__name__, infnet_keras.testing.random_inputs.__name__)"
    )
    expected = "embedding_tables masked_binary_crossentropy auc ExactAUC INFNet random_inputs"
    assert run(code).strip() == expected


def test_every_public_name_is_there():
    code = (
        "import infnet_keras\n"
        "for name in infnet_keras.__all__: getattr(infnet_keras, name)\n"
        f"for package in {SUBPACKAGES}:\n"
        "    package = getattr(infnet_keras, package)\n"
        "    for name in package.__all__: getattr(package, name); assert name in dir(package)\n"
        "print('all')"
    )
    assert run(code).strip() == "all"


def test_an_unknown_name_is_an_attribute_error():
    code = (
        "import infnet_keras\n"
        "for place in (infnet_keras, infnet_keras.metrics):\n"
        "    assert not hasattr(place, 'Auk')\n"
        "print('none')"
    )
    assert run(code).strip() == "none"
