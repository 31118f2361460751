"""Example rows of the small model that hold every odd value."""

from typing import Any

import numpy as np

SMALLEST, LARGEST = -(2**63), 2**63 - 1
TAGS = ["pop", "rock,pop", "späti 🎸", "unheard,pop,rock", ",,", "", "line\nbreak"]


def example_rows(count: int = 24) -> dict[str, Any]:
    """Raw rows as JSON has them, empty and over-long histories, unseen and missing values."""
    random = np.random.default_rng(3)

    def pick(values: list[Any], *shape: int) -> Any:
        return (
            [values[i] for i in random.integers(0, len(values), shape[0])]
            if len(shape) == 1
            else [pick(values, *shape[1:]) for _ in range(shape[0])]
        )

    videos = [10, 7, -3, 99, SMALLEST, SMALLEST + 1, LARGEST, 0]
    steps = 9
    return {
        "user_id": pick(["ann", "bob", "", "日本", "x" * 300], count),
        "clicks": pick([0.0, 3.5, 1e9, None, -1.0], count),
        "exact_clicks": pick([0.0, 3.5, 1e30, None, -1.0], count),
        "video_id": pick(videos, count),
        "tag": pick(TAGS, count),
        "duration": pick([0, 4, 5, 6, 20, LARGEST, SMALLEST], count),
        "uploaded": pick(["2022-03-26", "2022-03-27 23:59", "1999-01-01", "soon", ""], count),
        "tab": pick([0, 4, 5, -1, LARGEST, SMALLEST], count),
        # Around the change to summer time in Berlin; missing.
        "time_ms": pick([1648337400000, 1648342800000, 1648400000000, SMALLEST], count),
        "view__video_id": pick(videos, count, steps),
        "view__tag": pick(TAGS, count, steps),
        "view__length": pick([0, 1, 4, 9], count),
        "click__video_id": pick(videos, count, steps),
        "click__length": pick([0, 0, 2, 9], count),
    }
