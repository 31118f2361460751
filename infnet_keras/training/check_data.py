"""Whether data are those that a spec asks for."""

from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec


def check_data(spec: FeatureSpec, data: Impressions) -> None:
    """Make sure that a spec's model can be trained on prepared data.

    Args:
        spec: of the model.
        data: what it would be trained on.

    Raises:
        DataError: the data were prepared for another spec, or a split is empty.
    """
    data.assets.check(spec)
    tasks, there = (
        {n: (t.label, t.kind, t.missing, t.mask, s.weight_columns[n]) for n, t in s.tasks.items()}
        for s in (spec, data.spec)
    )
    if tasks != there:
        changed = sorted(n for n in {*tasks, *there} if tasks.get(n) != there.get(n))
        raise DataError(
            "the data were prepared with other tasks, labels, kinds, masks or columns of weights "
            f"({', '.join(changed)} differs); prepare them again with this spec (a task of "
            "weight 0 is not trained)"
        )
    if spec.sample != data.spec.sample:
        raise DataError(
            "the data were prepared with another `sample` of the training impressions; prepare "
            "them again with this spec"
        )
    for split in ("train", "valid"):
        if data.count(split) == 0:
            raise DataError(
                f"the {split} split of the data is empty; prepare the data again with "
                "other --valid-from and --test-from"
            )
