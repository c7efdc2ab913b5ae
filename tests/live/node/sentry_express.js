// A gateway under Sentry's SDK for node: one failing route of Express, a handled error, and an error that ends the program.
const Sentry = require('@sentry/node')

Sentry.init({
  dsn: process.env.DSN,
  release: process.env.RELEASE,
  environment: 'test',
  serverName: 'web-1',
  tracesSampleRate: 1,
  initialScope: process.env.SERVICE ? { tags: { service: process.env.SERVICE } } : {},
})

const express = require('express')

const table = { red: { upstream: 'http://red' } }

function upstreamOf(name) {
  return table[name].upstream
}

const app = express()
app.use((request, _, next) => {
  Sentry.setUser({ id: request.headers['x-user'] })
  next()
})
app.get('/route/:name', (request, answer) => answer.json(upstreamOf(request.params.name)))
app.get('/parse/:text', (request, answer) => {
  try {
    JSON.parse(request.params.text)
  } catch (error) {
    Sentry.captureException(new Error('settings are damaged', { cause: error }))
  }
  answer.json({})
})
Sentry.setupExpressErrorHandler(app)

const server = app.listen(0, '127.0.0.1', async () => {
  const base = `http://127.0.0.1:${server.address().port}`
  for (const [path, user] of [['/route/red', 'ann'], ['/route/blue', 'ann'], ['/route/green', 'bob'], ['/parse/x', 'ann']]) {
    console.log(path, (await fetch(base + path, { headers: { 'x-user': user } })).status)
  }
  await Sentry.flush(10000)
  console.log('done')
  if (process.env.CRASH) {
    setTimeout(() => { throw new RangeError('the end') }, 1)
  } else {
    server.close()
    server.closeAllConnections()
    await Sentry.close(1000)
    process.exit(0)
  }
})
