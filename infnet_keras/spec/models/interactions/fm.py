"""The factorization machine's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from infnet_keras.spec.lookup_group import LookupGroup
from infnet_keras.spec.models.model_options import ModelOptions

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class FMOptions(ModelOptions):
    """Options of the factorization machine; `tower_hidden: []` leaves no more than it is."""

    type: Literal["fm"]
    """Which model."""

    def lookup_groups(self, spec: FeatureSpec) -> list[LookupGroup]:
        return [LookupGroup(), LookupGroup("first_order", 1, project=False)]
