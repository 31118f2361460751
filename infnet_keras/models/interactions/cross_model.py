"""What models of cross layers have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from infnet_keras.layers import MultilayerPerceptron
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models.interactions.cross_model_options import CrossModelOptions


class CrossModel(JoinedModel):
    """y_i = tower_i(deep(x_L)), x_{l+1} = cross_l(x_0, x_l), x_0 the x of `JoinedModel`.

    The deep network's layers have ReLU and dropout each. It stands on the cross layers: of the
    papers' two structures, stacked and parallel, the stacked one, whose towers are as wide
    whatever the inputs. A subclass has `build_cross` and `cross_axes`.

    Args, attributes, call and errors are those of `SpecModel`.
    """

    @abstractmethod
    def build_cross(self, width: int) -> list[Any]:
        """Create and build the cross layers, each of x_0 and x [batch, width]."""

    @abstractmethod
    def cross_axes(self) -> list[NamedAxis]:
        """The axes of the cross layers' weights that hold a part for each input."""

    def build_layers(self) -> int:
        options, width = self.options(CrossModelOptions), self.joined_width
        self.cross = self.build_cross(width)
        *hidden, units = options.deep_hidden
        self.deep = MultilayerPerceptron(
            hidden, units, "relu", options.dropout, dtype=self.dtype_policy, name="deep"
        )
        self.deep.build((None, width))
        return int(units)

    def named_axes(self) -> list[NamedAxis]:
        kernel = self.deep.dense_layers[0].kernel
        deep = NamedAxis(kernel, 0, self.input_names)
        return [*super().named_axes(), deep, *self.cross_axes()]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        x = x0 = joined["embeddings"]
        for layer in self.cross:
            x = layer(x0, x)
        return self.for_every_task(self.deep(x, training=training))
