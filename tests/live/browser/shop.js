// What goes wrong in the shop. The page calls `shop.<fault>()` on its button.
class CartError extends Error {
  constructor(message, options) {
    super(message, options)
    this.name = 'CartError'
  }
}

function lineTotal(line) {
  return line.price.cents / 100
}

async function reserve(cart) {
  await new Promise((resolve) => setTimeout(resolve, 5))
  throw new CartError(`cart ${cart} could not be reserved: stock changed`)
}

function restore(cart) {
  try {
    return JSON.parse(`{"id": ${cart}`)
  } catch (error) {
    throw new CartError(`stored cart ${cart} is damaged`, { cause: error })
  }
}

function applyCoupon(coupon) {
  throw new CartError(`coupon '${coupon}' expired`)
}

function caught(fault) {
  try {
    fault()
  } catch (error) {
    return error
  }
}

const shop = {
  uncaught: () => lineTotal({ sku: 'sku-7' }),
  rejected: () => void reserve('c-551'),
  rejectedText: () => void Promise.reject('session expired'),
  console: () => console.error('cart restore failed', caught(() => restore('c-12'))),
  consoleText: () => console.error('slow network'),
  byHand: (context) => window.DD_RUM.addError(caught(() => applyCoupon('SUMMER24')), context),
  logged: () => window.DD_LOGS.logger.error('checkout failed', { step: 'pay' }, caught(() => applyCoupon('SUMMER24'))),
}

document.querySelector('button').addEventListener('click', () => shop[document.querySelector('button').name]())
