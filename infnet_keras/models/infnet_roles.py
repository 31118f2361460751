"""What each block of an INFNet computes: only what reaches the towers."""

from infnet_keras.spec.models import INFNetOptions

_ROLES = ("update_proxies", "update_shared", "gate_tokens", "gate_tasks")


def block_roles(options: INFNetOptions, index: int) -> dict[str, bool]:
    """The roles of `INFNetBlock` for the block at an index.

    Example:
        >>> block_roles(INFNetOptions(blocks=2), 1)["update_proxies"]
        False
    """
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
