"""The blocks of an INFNet."""

from typing import Any

from infnet_keras.layers import AggregateBroadcastBlock, INFNetBlock
from infnet_keras.spec.models import INFNetOptions

_ROLES = ("update_proxies", "update_shared", "gate_tokens", "gate_tasks")


def infnet_block(
    options: INFNetOptions, index: int, **kwargs: Any
) -> INFNetBlock | AggregateBroadcastBlock:
    """The block at an index, of the version that the options name.

    Args:
        options: of the model.
        index: which block.
        **kwargs: of `keras.layers.Layer`.

    Example:
        >>> type(infnet_block(INFNetOptions(variant="v2"), 0)).__name__
        'AggregateBroadcastBlock'
    """
    if options.variant != "v2":
        return INFNetBlock(**block_options(options, index), **kwargs)
    return AggregateBroadcastBlock(
        update_proxies=index < options.blocks - 1,
        attention=options.attention,
        output_gate=options.output_gate,
        num_heads=options.num_heads,
        gate_hidden=options.gate_hidden or (),
        dropout=options.dropout,
        **kwargs,
    )


def block_options(options: INFNetOptions, index: int) -> dict[str, Any]:
    """The arguments of `INFNetBlock` for the block at an index.

    Example:
        >>> block_options(INFNetOptions(blocks=2), 1)["update_proxies"]
        False
    """
    return {
        **_roles(options, index),
        "attention": "none" if options.without == "attention" else options.attention,
        "output_gate": options.output_gate,
        "gate_source": options.gate_source,
        "residual": options.residual,
        "proxy_norm": options.proxy_norm,
        "num_heads": options.num_heads,
        "gate_hidden": options.gate_hidden,
        "dropout": options.dropout,
    }


def _roles(options: INFNetOptions, index: int) -> dict[str, bool]:
    """What the block computes: only what reaches the towers."""
    after = options.blocks - 1 - index
    if options.without == "gates":
        # The tasks read ungated tokens: no proxy has a way to them.
        return dict.fromkeys(_ROLES, False)
    if options.without == "attention":
        # Nothing is updated, and the towers read the gated tokens of the last block.
        return dict.fromkeys(_ROLES, True)
    if options.gate_source == "output":
        return {"update_proxies": after > 0, "update_shared": True, "gate_tokens": after > 0}
    # The last block gates by what the one before it received: the new C~ and S~ of that one and
    # the last one's T~ would be read by nobody.
    return {"update_proxies": after > 1, "update_shared": after > 0, "gate_tokens": after > 0}
