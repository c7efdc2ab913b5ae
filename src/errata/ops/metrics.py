"""Figures in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric. A counter's `name` ends in `_total`, others in their unit; `label` names its only label, if any."""

    name: str
    kind: Literal["counter", "gauge"]
    says: str
    label: str = ""


Value = float | Mapping[str, float]
"""A number, or a number for each value of the figure's label."""
Source = Callable[[], Iterable[tuple[Figure, Value]]]
"""Where figures come from when they are asked for. May leave out what is not known now; raises nothing."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """All figures of this process and those that it reads from others."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Collector(tuple(sources)))
        ProcessCollector(registry=self._registry)
        self._calls = Histogram(
            "errata_api_call_seconds",
            "Time that calls of the API took, by operation and status.",
            ("operation", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def observe_call(self, operation: str, status: int, took_s: float) -> None:
        """Count one call of the API. `operation` is a name from the operation table, never a path that was sent."""
        self._calls.labels(operation, str(status)).observe(took_s)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The text in the newest form that the `Accept` header asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Collector:
    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        for source in self._sources:
            for figure, value in source():
                yield _family(figure, value)


def _family(figure: Figure, value: Value) -> Metric:
    labels = [figure.label] if figure.label else []
    kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family: CounterMetricFamily | GaugeMetricFamily = kind(figure.name, figure.says, labels=labels)
    if isinstance(value, Mapping):
        for label, number in value.items():
            family.add_metric([label], number)
    else:
        family.add_metric([], value)
    return family
