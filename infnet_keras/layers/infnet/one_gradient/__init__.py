"""One gradient for tokens that several attentions read.

Automatic differentiation writes a gradient of the size of the tokens for every product that read
them, and adds them up. Here each attention leaves the two small factors of its gradient in a slot,
and the gradient of the tokens is formed once, by one product of all factors side by side.
"""

from infnet_keras.layers.infnet.one_gradient.reads import attend_into_slot, gradient_slots

__all__ = ["attend_into_slot", "gradient_slots"]
