import { CartError, lineTotal, reserve } from './cart'

const failures: Record<string, () => unknown> = {
  price: () => [{ sku: 'fig' }].map(lineTotal),
  gone: () => reserve('c-1'),
}

for (const [name, fail] of Object.entries(failures)) {
  try {
    fail()
  } catch (error) {
    const { message, stack } = error as Error
    const kind = error instanceof CartError ? 'CartError' : (error as Error).name
    console.log(JSON.stringify({ name, message, kind, stack }))
  }
}
