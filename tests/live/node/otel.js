// A basket under OpenTelemetry for node: spans and logs over OTLP, in JSON or in protobuf as OTEL_EXPORTER_OTLP_PROTOCOL says.
const { NodeSDK } = require('@opentelemetry/sdk-node')

const sdk = new NodeSDK()
sdk.start()

const { logs, trace, SeverityNumber, SpanKind, SpanStatusCode } = require('@opentelemetry/api')

const tracer = trace.getTracer('basket')

function store(item) {
  throw new TypeError(`cannot store item ${item}`)
}

function inSpan(name, kind, work) {
  return tracer.startActiveSpan(name, { kind }, (span) => {
    try {
      return work()
    } catch (error) {
      span.recordException(error)
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

for (const item of [17, 4711]) {
  try {
    inSpan('POST /basket', SpanKind.SERVER, () => inSpan('store', SpanKind.INTERNAL, () => store(item)))
  } catch (error) {
    console.log(error.message)
  }
}
inSpan('GET /basket', SpanKind.SERVER, () => 0)

try {
  null.total
} catch (error) {
  logs.getLogger('basket').emit({
    severityNumber: SeverityNumber.ERROR,
    severityText: 'ERROR',
    body: 'no total',
    attributes: { 'exception.type': error.name, 'exception.message': error.message, 'exception.stacktrace': error.stack },
  })
}

sdk.shutdown().then(() => console.log('done'))
