"""The states of a model's versions, over all worker processes."""

from collections.abc import Mapping, Sequence

from serving.lifecycle.version_states import State, VersionState

_COMING = {State.START, State.LOADING}


def merged_states(workers: Sequence[Mapping[int, VersionState]]) -> dict[int, VersionState]:
    """What all workers together have reached: a swap is over once each of them has switched.

    A version is AVAILABLE if it is with every worker. It is LOADING while one of them has it to
    come and none has let it go, UNLOADING from when the first lets it go until the last has. An
    error of any worker is the version's.

    Args:
        workers: version -> state, of each worker.

    Returns:
        Version -> state, the highest version first.

    Example:
        >>> old, new = VersionState(State.LOADING), VersionState(State.AVAILABLE)
        >>> merged_states([{2: new}, {2: old}])[2].state.name
        'LOADING'
    """
    versions = {version for states in workers for version in states}
    return {
        version: _merged([states.get(version) for states in workers])
        for version in sorted(versions, reverse=True)
    }


def _merged(states: Sequence[VersionState | None]) -> VersionState:
    known = [state for state in states if state is not None]
    for state in known:
        if state.error is not None:
            return state
    reached = {state.state for state in known}
    if len(reached) == 1 and (len(known) == len(states) or reached == {State.END}):
        return known[0]
    if reached <= {*_COMING, State.AVAILABLE}:
        return VersionState(State.START if reached == {State.START} else State.LOADING)
    return VersionState(State.UNLOADING)
