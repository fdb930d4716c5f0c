// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { OPENSTREETMAP } from '../src/lib/attribution'
import { readRelease } from '../src/lib/release'

const SITE = 'https://zones.example/'
const ID = '20261122t221000-3f9ab2c1'
const tilejson = {
  tiles: [`http://inner:8000/tiles/cosmogony/{z}/{x}/{y}.pbf?v=${ID}`],
  bounds: [9.4, 47, 9.7, 47.3],
  minzoom: 0,
  maxzoom: 20,
}
const details = {
  id: ID,
  published_at: '2026-11-22T22:20:00Z',
  manifest: {
    counts: { zones: 17, by_type: { city: 13, state: 2, country: 1 } },
    sources: [{ version_date: '2013-08-03T00:00:00Z' }, { version_date: '2013-07-01' }, {}],
  },
}

describe('readRelease', () => {
  it.each([`http://inner:8000/tiles`, '/tiles', 'https://elsewhere/deep/path/tiles', '/maps/tiles'])(
    'requests tiles below the address of the page, also when the API names %s',
    (base) => {
      const tiles = [`${base}/cosmogony/{z}/{x}/{y}.pbf?v=${ID}`]
      expect(readRelease({ tiles }, null, 'https://maps.example/maps/').tiles).toEqual([
        `https://maps.example/maps/tiles/cosmogony/{z}/{x}/{y}.pbf?v=${ID}`,
      ])
    },
  )

  it('reads the release from the URL of the tiles, and requests them from the origin of the page', () => {
    const release = readRelease(tilejson, details, SITE)
    expect(release.id).toBe(ID)
    expect(release.tiles).toEqual([`${SITE}tiles/cosmogony/{z}/{x}/{y}.pbf?v=${ID}`])
  })

  it('reads counts and the dates of the data', () => {
    expect(readRelease(tilejson, details, SITE)).toMatchObject({
      zones: 17,
      counts: { city: 13, state: 2, country: 1 },
      dataDates: ['2013-07-01', '2013-08-03'],
      bounds: [9.4, 47, 9.7, 47.3],
      maxzoom: 14,
    })
  })

  it('reads the attribution of the description, or names OpenStreetMap', () => {
    const attribution = '<a href="https://www.naturalearthdata.com/">Natural Earth</a>'
    expect(readRelease({ ...tilejson, attribution }, details, SITE).attribution).toEqual([
      { text: 'Natural Earth', url: 'https://www.naturalearthdata.com/' },
    ])
    expect(readRelease(tilejson, details, SITE).attribution).toBe(OPENSTREETMAP)
  })

  it('leaves out the details of another release', () => {
    expect(readRelease(tilejson, { ...details, id: '20261123t000000-00000000' }, SITE)).toMatchObject({
      id: ID,
      zones: null,
      counts: null,
      dataDates: null,
    })
  })

  it('works over an original database: no release, no details', () => {
    const plain = { tiles: ['/tiles/cosmogony/{z}/{x}/{y}.pbf'] }
    expect(readRelease(plain, null, SITE)).toMatchObject({
      id: '',
      tiles: [`${SITE}tiles/cosmogony/{z}/{x}/{y}.pbf`],
      bounds: null,
    })
  })

  it.each([[[1, 2, 3]], [[10, 0, 5, 1]], [['a', 0, 1, 1]], [null]])('ignores the bounds %j', (bounds) =>
    expect(readRelease({ ...tilejson, bounds }, null, SITE).bounds).toBeNull(),
  )

  it('refuses a description without tiles', () => {
    expect(() => readRelease({}, null, SITE)).toThrow('names no tiles')
  })
})
