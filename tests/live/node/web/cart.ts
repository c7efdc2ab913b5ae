export interface Line { sku: string; price?: { cents: number } }

export class CartError extends Error {}

export function lineTotal(line: Line): number {
  return line.price!.cents / 100
}

export const reserve = (id: string): never => {
  throw new CartError(`cart ${id} is gone`)
}
