from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_rows import example_rows

from infnet_keras.errors import ExportError
from infnet_keras.export.reference import Reference
from infnet_keras.features import RawInput, RowTransform, read_raw

Check = Callable[[Reference], None]


@pytest.fixture(scope="module")
def reference(model: Any) -> Reference:
    from infnet_keras.export.compute_reference import compute_reference

    transform = RowTransform(model.spec, model.assets)
    return compute_reference(model, transform, read_raw(transform.inputs, example_rows()))


@pytest.fixture(scope="module")
def loaded(exported: Path) -> Any:
    from infnet_keras.export.predict import load

    return load(exported)


@pytest.fixture
def check(
    exported: Path, loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Reference], None]:
    """Checks the exported model, which is loaded only once, against a reference."""
    from infnet_keras.export import parity

    monkeypatch.setattr(parity, "load", lambda path: loaded)

    def check(reference: Reference) -> None:
        reference.save(tmp_path / "reference.json")
        parity.check_parity(exported, tmp_path / "reference.json")

    return check


# JAX is slow without compiling; there `run_export_test` compares with what is not compiled.
@pytest.mark.backend("tensorflow", "torch")
def test_the_reference_is_what_the_model_gives(model: Any, reference: Reference) -> None:
    import keras

    def plain(raw: dict[str, Any]) -> dict[str, Any]:
        ids = RowTransform(model.spec, model.assets)(raw)
        return {
            task: keras.ops.convert_to_numpy(values)
            for task, values in model(ids, training=False).items()
        }

    for task, values in plain(example_rows()).items():
        np.testing.assert_allclose(reference.probabilities[task], values, rtol=0, atol=1e-6)

    rank, counts = reference.rank, reference.rank["candidate_count"]
    assert counts.tolist() == [0, 1, 2, 3] * 6
    requests, places = np.repeat(np.arange(8), 3), np.tile(np.arange(3), 8)
    items = ("video_id", "tag", "duration", "uploaded")
    pairs = {
        i.name: rank[i.name][requests, places] if i.name in items else rank[i.name][requests]
        for i in reference.inputs
    }
    np.testing.assert_array_equal(
        pairs["video_id"], reference.predict["video_id"][requests + places]
    )
    np.testing.assert_array_equal(pairs["user_id"], reference.predict["user_id"][requests])
    for task, values in plain(pairs).items():
        expected = np.where(places < counts[requests], values, 0.0)
        found = reference.scores[task][requests, places]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_a_reference_survives_its_file(tmp_path: Path) -> None:
    inputs = [
        RawInput("clicks", "float32", "value", "user"),
        RawInput("user", "string", "value", "user"),
        RawInput("click__item", "int64", "sequence", "user"),
        RawInput("click__length", "int64", "length", "user"),
    ]
    request = {
        "clicks": np.array([np.nan, 1e-38], np.float32),
        "user": np.array([b"\xff\x00", b""], object),
        "click__item": np.zeros((2, 0), np.int64),
        "click__length": np.array([-(2**63), 2**63 - 1]),
    }
    # A task may have the name of an input of another type.
    outputs = {"user": np.array([0.1, 0.9], np.float32)}
    given = Reference(
        "name: small\n",
        inputs,
        predict=request,
        rank={**request, "candidate_count": np.array([0, 3])},
        probabilities=outputs,
        scores={"user": np.zeros((2, 3), np.float32)},
        attention={"user": np.full((1, 4), 0.25, np.float32)},
        logged={"click__length": np.array([1, 2])},
        logged_probabilities={"user": np.array([0.2, 0.8], np.float32)},
    )
    given.save(tmp_path / "reference.json")
    found = Reference.load(tmp_path / "reference.json")
    assert (found.spec, found.inputs) == (given.spec, inputs)
    assert found.sent == inputs[:-1]
    for part in given._fields[2:]:
        expected = getattr(given, part)
        assert list(getattr(found, part)) == list(expected)
        for name, column in getattr(found, part).items():
            assert column.dtype == expected[name].dtype, name
            np.testing.assert_array_equal(column, expected[name])


@pytest.mark.backend("tensorflow", "torch")
def test_a_model_that_diverged_is_refused(build_model: Any) -> None:
    from infnet_keras.export.compute_reference import compute_reference

    model = build_model()
    model.weights[-1].assign(np.full(model.weights[-1].shape, np.nan))
    transform = RowTransform(model.spec, model.assets)
    raw = read_raw(transform.inputs, example_rows())
    with pytest.raises(ExportError, match="gives nan for task"):
        compute_reference(model, transform, raw)


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize(
    ("part", "place", "message"),
    [
        ("probabilities", 5, "signature predict, task like, row 5 of the example rows: 0"),
        ("scores", (7, 2), "signature rank, task like, row 7, candidate 2 of"),
        ("scores", (4, 0), "signature rank, task like, row 4, candidate 0 of"),  # not listed: 0
        ("attention", (3, 9), "signature attention, task like, row 3, token 9 of"),
    ],
)
def test_the_message_names_the_worst_row(
    check: Check, reference: Reference, part: str, place: Any, message: str
) -> None:
    shifted = {task: values.copy() for task, values in getattr(reference, part).items()}
    shifted["like"][place] += np.float32(3e-4)
    shifted["like"].flat[1] += np.float32(1e-4)
    with pytest.raises(ExportError, match=message) as caught:
        check(reference._replace(**{part: shifted}))
    assert "a difference of 3.00e-04 where at most 1e-05 is allowed" in str(caught.value)


@pytest.mark.backend("tensorflow")
def test_serialised_examples_are_compared_too(
    check: Check, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infnet_keras.export import parity

    # The last row's example stands in the first row's place.
    def misplaced(*arguments: Any) -> Any:
        return serialized_examples(*arguments)[np.arange(-1, 23)]

    serialized_examples = parity.serialized_examples
    monkeypatch.setattr(parity, "serialized_examples", misplaced)
    with pytest.raises(ExportError, match="signature serving_default, task"):
        check(reference)


@pytest.mark.backend("tensorflow")
def test_tolerance_nan_shapes_and_tasks(check: Check, reference: Reference) -> None:
    def check_probabilities(**probabilities: Any) -> None:
        check(reference._replace(probabilities=probabilities))

    given = reference.probabilities
    check_probabilities(**{**given, "like": given["like"] + np.float32(5e-6)})
    with pytest.raises(ExportError, match="instead of nan"):
        check_probabilities(**{**given, "like": given["like"] * np.float32(np.nan)})
    with pytest.raises(ExportError, match=r"task like in shape \(24,\), not \(23,\)"):
        check_probabilities(**{**given, "like": given["like"][1:]})
    with pytest.raises(ExportError, match="gives tasks"):
        check_probabilities(like=given["like"])


@pytest.mark.backend("tensorflow")
def test_a_request_that_the_model_cannot_answer(check: Check, reference: Reference) -> None:
    columns = {**reference.predict, "tab": reference.predict["tab"][:3]}
    with pytest.raises(ExportError, match="fails on the example rows: the inputs differ"):
        check(reference._replace(predict=columns))
