// A page under Sentry's SDK for browsers; DSN, SERVICE and RELEASE are put in when it is bundled.
import * as Sentry from '@sentry/browser'

Sentry.init({ dsn: DSN, release: RELEASE, environment: 'test', initialScope: { tags: { service: SERVICE } } })
Sentry.setUser({ id: 'ann' })

function lineTotal(line) {
  return line.price.cents / 100
}

function restoreCart(text) {
  return JSON.parse(text)
}

document.querySelector('#uncaught').addEventListener('click', () => lineTotal({ sku: 'sku-7' }))
document.querySelector('#engine').addEventListener('click', () => restoreCart('{"id": c-12'))
