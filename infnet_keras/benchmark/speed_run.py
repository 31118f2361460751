"""One interleaved run."""

import gc
from collections.abc import Sequence
from pathlib import Path

from infnet_keras.benchmark.contender import PARTS, Entry
from infnet_keras.benchmark.make_contender import make_contender
from infnet_keras.benchmark.measured import Measured
from infnet_keras.benchmark.peak_memory import Peak, peak_memory
from infnet_keras.benchmark.scaling import scaled
from infnet_keras.benchmark.setting import Setting
from infnet_keras.progress import Progress
from infnet_keras.runs.in_turns import in_turns


class SpeedRun:
    """Measures settings, each with all contenders in turns.

    Args:
        entries: the contenders.
        rounds: how often each is measured.
        sources: FuxiCTR's, where one of its models is measured.
        memory: whether peak memory is measured, each in a process of its own.
        progress: says what is measured.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        rounds: int,
        sources: Path | None = None,
        memory: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self.entries = list(entries)
        self.rounds = rounds
        self.sources = sources
        self.memory = memory
        self.progress = progress or Progress()

    def at(self, setting: Setting) -> list[Measured]:
        """Every contender at one setting."""
        return self._measure("", [setting], self.entries)

    def over(self, base: Setting, factor: str) -> list[Measured]:
        """The whole models at settings that differ from a base in one size.

        The settings take turns as well: they are compared with one another.
        """
        models = [entry for entry in self.entries if entry.part == PARTS[0]]
        return self._measure(factor, list(scaled(base, factor).values()), models)

    def _measure(
        self, factor: str, settings: Sequence[Setting], entries: Sequence[Entry]
    ) -> list[Measured]:
        keys = [(setting, entry) for setting in settings for entry in entries]
        name = f"{settings[0].shape}, width {settings[0].width}{factor and f', {factor}'}"
        peaks: dict[tuple[Setting, Entry], Peak] = {}
        if self.memory:  # before this process holds the device's memory
            with self.progress.phase(f"memory: {name}", len(keys), "processes") as phase:
                for number, key in enumerate(keys):
                    peaks[key] = peak_memory(key[1], key[0], self.sources)
                    phase.advance(number + 1)
        calls = {}
        with self.progress.phase(f"building: {name}", len(keys), "models") as phase:
            for number, (setting, entry) in enumerate(keys):
                contender = make_contender(entry, setting, self.sources)
                calls[setting, entry, "forward"] = contender.forward
                calls[setting, entry, "training"] = contender.training
                phase.advance(number + 1)
        with self.progress.phase(f"measuring: {name}", self.rounds, "rounds") as phase:
            spreads = in_turns(calls, self.rounds, phase.advance)
        calls.clear()
        gc.collect()
        found = []
        for (setting, entry, what), spread in spreads.items():
            peak = getattr(peaks[setting, entry], what) if self.memory else None
            ours = spreads.get((setting, Entry("infnet", entry.part), what))
            times = None if ours is None else spread.median / ours.median
            found.append(Measured(factor, setting, entry, what, spread, peak, times))
        return found
