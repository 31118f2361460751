"""What is configured and what became of it, as the page lists it."""

from typing import Any

from serving.lifecycle.server_core import ServerCore


def served_models(core: ServerCore) -> dict[str, Any]:
    """Every configured model with its versions, their states and labels.

    Args:
        core: knows them.

    Returns:
        JSON: `models`, each with `name`, `labels` (label -> version) and `versions`, the highest
        first, each with `version`, `state` and `error` (null if there is none). Versions are
        strings: JavaScript's numbers do not hold them all.
    """
    return {
        "models": [
            {
                "name": name,
                "labels": {label: str(v) for label, v in core.labels_of(name).items()},
                "versions": [
                    {
                        "version": str(version),
                        "state": state.state.name,
                        "error": str(state.error) if state.error else None,
                    }
                    for version, state in core.states_of(name).items()
                ],
            }
            for name in core.model_names()
        ]
    }
