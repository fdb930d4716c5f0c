// SPDX-License-Identifier: Apache-2.0
/** Loads vector tiles for the map, which by itself does not report tiles that are not found. */
import type { AddProtocolAction } from 'maplibre-gl'

/** Scheme of a tile's address in the style of the map. */
export const TILE_PROTOCOL = 'cosmogony-tile'

/** Makes the address in the style of the map from the URL of a tile. */
export const toTileAddress = (url: string): string => `${TILE_PROTOCOL}://${url}`

/** Makes the function that loads a tile; `fail` is called with the HTTP status when it cannot, 0 without an answer. */
export const makeTileLoader =
  (fail: (status: number) => void): AddProtocolAction =>
  async ({ url }, { signal }) => {
    const address = url.slice(`${TILE_PROTOCOL}://`.length)
    let status = 0
    try {
      const response = await fetch(address, { signal })
      status = response.status
      if (!response.ok) throw new Error(`The tile ${address} was answered with ${status}`)
      return { data: await response.arrayBuffer() }
    } catch (error) {
      if (!signal.aborted) fail(status >= 200 && status < 300 ? 0 : status)
      throw error
    }
  }
