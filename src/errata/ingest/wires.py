"""Which decoder reads the requests of which intake. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from errata.events.model import Intake
from errata.ingest.wire import datadog_errors, datadog_logs, datadog_rum, datadog_traces, otlp, sentry
from errata.ingest.wire.model import Decoder, WireRecord


@dataclass(frozen=True, slots=True)
class Wire:
    """How the requests of one intake are read.

    `alone` gives a body of the same intake that holds nothing but one entry, by its index, so that an entry can be
    set aside without its neighbours. Where there is none the whole request is kept, and only that entry is taken from
    it when it is tried again.
    """

    decode: Decoder
    alone: Callable[[WireRecord, int], bytes] | None = None


WIRES: dict[str, Wire] = {
    Intake.DD_LOGS.value: Wire(datadog_logs.decode, datadog_logs.alone),
    Intake.DD_TRACE.value: Wire(datadog_traces.decode),
    Intake.DD_ERRORS.value: Wire(datadog_errors.decode),
    Intake.DD_RUM.value: Wire(datadog_rum.decode, datadog_rum.alone),
    Intake.OTLP.value: Wire(otlp.decode),
    Intake.SENTRY.value: Wire(sentry.decode, sentry.alone),
}
"""By the name under which the journal keeps them. A record of an intake that is missing here came from a newer version
and waits."""
