"""A shop under OpenTelemetry: spans by the Flask instrumentation, logs by the handler for `logging`, both over OTLP."""

import logging

from flask import Flask
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

PRICES = {"apple": 3}
app = Flask("shop")
log = logging.getLogger("shop")


@app.get("/price/<name>")
def price(name):
    with trace.get_tracer("shop").start_as_current_span("look up"):
        return str(PRICES[name])


@app.get("/rate")
def rate():
    try:
        return str(1 / 0)
    except ZeroDivisionError:
        log.exception("no rate")
        return "0"


@app.get("/missing")
def missing():
    return "no such thing", 404


def main(arguments):
    spans, logs = TracerProvider(), LoggerProvider()
    if "alone" in arguments:  # each span in a request of its own
        spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
    else:
        spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    trace.set_tracer_provider(spans)
    set_logger_provider(logs)
    logging.getLogger().addHandler(LoggingHandler(logger_provider=logs))
    FlaskInstrumentor().instrument_app(app)
    client = app.test_client()
    for path in ("/price/apple", "/price/pear", "/price/plum", "/rate", "/missing"):
        print(path, client.get(path).status_code)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
