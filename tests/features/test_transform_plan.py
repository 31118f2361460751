"""The plan of a spec, by hand."""

from infnet_keras.features.transform_plan import SequenceStep, TransformPlan
from infnet_keras.spec.derived.local_time import HourOfDay
from infnet_keras.spec.derived.since import DaysSince, SecondsSince

CROSSED = {
    "side": "item",
    "derive": {"history_rate": {"sequence": "click", "of": "view", "same": "video_id"}},
    "boundaries": [0.5],
}


def test_what_each_step_reads(spec):
    plan = TransformPlan.of(spec)
    steps = {step.name: step for step in plan.steps}
    assert list(steps) == [*spec.fields, "view__video_id", "view__tag", "click__video_id"]
    view = ("view__video_id", "view__tag", "view__length")
    assert {name: step.reads for name, step in steps.items()} == {
        "user_id": ("user_id",),
        "video_id": ("video_id",),
        "tag": ("tag",),
        "duration": ("duration",),
        "price": ("price",),
        "tab": ("tab",),
        "hour": ("time_ms",),
        "weekday": ("time_ms",),
        "monthday": ("time_ms",),
        "age": ("upload_date", "time_ms"),
        "clicks": ("clicks",),
        "gap": ("gap",),
        "exact_price": ("price",),
        "exact_duration": ("duration",),
        "exact_age": ("upload_date", "time_ms"),
        "all_alike": ("all_alike",),
        "view__video_id": view,
        "view__tag": view,
        "click__video_id": ("click__video_id", "click__length"),
    }


def test_how_each_step_is_done(spec):
    plan = TransformPlan.of(spec)
    fields = {step.name: step for step in plan.fields}
    assert isinstance(fields["hour"].derivation, HourOfDay)
    assert fields["age"].derivation == DaysSince(column="upload_date")
    assert fields["gap"].derivation == SecondsSince(sequence="view")
    assert [name for name, step in fields.items() if step.is_sent] == [
        "clicks",
        "gap",
        "all_alike",
    ]
    tag = fields["tag"]
    assert (tag.table, tag.separator, tag.max_values, tag.shape) == ("tag", "||", 2, (2,))
    assert (fields["price"].column, fields["price"].table) == ("price", "price")
    assert fields["price"].shape == ()
    assert (fields["price"].dtype, fields["exact_price"].dtype) == ("int32", "float32")
    assert plan.sequence("view", "tag") == SequenceStep(
        name="view__tag",
        column="tag",
        table="tag",
        separator="||",
        max_values=2,
        is_number=False,
        reads=("view__video_id", "view__tag", "view__length"),
        sequence="view",
        length=3,
        length_input="view__length",
    )
    assert plan.sequence("view", "tag").shape == (3, 2)
    assert plan.sequence("click", "video_id").shape == (2,)


def test_a_crossed_field_reads_the_candidate_and_both_histories(spec_dict):
    from infnet_keras.spec import spec_from_dict

    fields = {**spec_dict["fields"], "crossed": CROSSED, "other": {**CROSSED, "side": "item"}}
    fields["renamed"] = {"side": "context", "column": "place", "hash": 5}
    spec = spec_from_dict({**spec_dict, "fields": fields})
    steps = {step.name: step for step in TransformPlan.of(spec).fields}
    assert steps["crossed"].reads == (
        "video_id",
        "click__video_id",
        "click__length",
        "view__video_id",
        "view__tag",
        "view__length",
    )
    assert not steps["crossed"].is_sent
    assert (steps["renamed"].column, steps["renamed"].reads) == ("place", ("place",))
