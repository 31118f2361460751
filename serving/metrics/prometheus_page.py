"""The page that Prometheus scrapes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from serving.metrics.counter import Counter
from serving.metrics.histogram import Distribution, Histogram
from serving.metrics.registry import REGISTRY, Registry, Values

DEFAULT_PATH = "/monitoring/prometheus/metrics"
# A line break would end the line; TensorFlow Serving lets one through and so breaks the page.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def prometheus_page(registry: Registry = REGISTRY, values: Values | None = None) -> str:
    """Every metric in Prometheus' text format, as TensorFlow Serving writes it.

    Args:
        registry: has the metrics.
        values: what to show for them, such as `summed_values`; None takes the registry's own.

    Returns:
        Lines of metrics in the order of their names and of their labels. A metric that nothing was
        recorded in has its `# TYPE` line only.

    Example:
        >>> registry = Registry()
        >>> registry.counter("/requests", "Requests answered.", ["model"]).increment("half")
        >>> print(prometheus_page(registry), end="")
        # TYPE :requests counter
        :requests{model="half"} 1

    Source:
        TensorFlow Serving, util/prometheus_exporter.cc.
    """
    lines: list[str] = []
    cells: Mapping[str, Any] = registry.values() if values is None else values
    for metric in registry.metrics():
        if isinstance(metric, Counter):
            lines.extend(_counter_lines(metric, cells[metric.name]))
        else:
            lines.extend(_histogram_lines(metric, cells[metric.name]))
    return "\n".join(lines) + "\n"


def _counter_lines(counter: Counter, counts: Mapping[tuple[str, ...], int]) -> Iterator[str]:
    name = _metric_name(counter.name)
    yield f"# TYPE {name} counter"
    for values, count in counts.items():
        yield f"{name}{{{_labels(counter.labels, values)}}} {count}"


def _histogram_lines(
    histogram: Histogram, distributions: Mapping[tuple[str, ...], Distribution]
) -> Iterator[str]:
    name = _metric_name(histogram.name)
    yield f"# TYPE {name} histogram"
    # Floats have six digits, as absl::StrCat's.
    limits = [*(f"{limit:g}" for limit in histogram.bucket_limits), "+Inf"]
    for values, distribution in distributions.items():
        labels = _labels(histogram.labels, values)
        prefix = f"{name}_bucket{{{labels}{',' if labels else ''}"
        counts = list(accumulate(distribution.buckets))
        for limit, count in zip(limits, counts, strict=True):
            yield f'{prefix}le="{limit}"}} {count}'
        yield f"{name}_sum{{{labels}}} {distribution.total:g}"
        yield f"{name}_count{{{labels}}} {counts[-1]}"


def _metric_name(name: str) -> str:
    return re.sub(r"^(?=[0-9])", "_", re.sub(r"[^a-zA-Z0-9_]", ":", name))


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    return ",".join(
        f'{_label_name(name)}="{value.translate(_ESCAPES)}"'
        for name, value in zip(names, values, strict=True)
    )


def _label_name(name: str) -> str:
    return re.sub(r"^(?=[0-9])", "_", re.sub(r"[^a-zA-Z0-9]", "_", name))
