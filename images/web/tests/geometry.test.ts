// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import {
  computeBounds,
  findLabelPlace,
  listPolygons,
  computeRingArea,
  shiftTowardsLongitude,
  type Ring,
} from '../src/lib/geometry'
import { dropDuplicates, listZones, makeLabelFeatures, placeLabels } from '../src/lib/labels'

const square = (x: number, y: number, size: number): Ring => [
  [x, y],
  [x + size, y],
  [x + size, y + size],
  [x, y + size],
  [x, y],
]
const piece = (id: number, name: string, ...rings: Ring[]) => ({
  id,
  properties: { name, zone_type: 'city', admin_level: 8 },
  geometry: { type: 'Polygon', coordinates: rings },
})

describe('computeBounds', () => {
  it('covers any geometry', () => {
    expect(computeBounds({ coordinates: [[square(1, 2, 3)], [square(-5, 0, 1)]] })).toEqual([-5, 0, 4, 5])
    expect(computeBounds({ coordinates: [9.5, 47.1] })).toEqual([9.5, 47.1, 9.5, 47.1])
  })

  it('is null without a geometry', () => {
    expect(computeBounds(null)).toBeNull()
    expect(computeBounds({ coordinates: [] })).toBeNull()
  })
})

describe('a box across the antimeridian', () => {
  const bbox = {
    type: 'Polygon',
    coordinates: [
      [
        [177, -18],
        [177, -16],
        [181, -16],
        [181, -18],
        [177, -18],
      ],
    ],
  }

  it('continues beyond 180 degrees', () => {
    expect(computeBounds(bbox)).toEqual([177, -18, 181, -16])
  })

  it('is turned to the side that is looked at', () => {
    expect(shiftTowardsLongitude([177, -18, 181, -16], 178)).toEqual([177, -18, 181, -16])
    expect(shiftTowardsLongitude([177, -18, 181, -16], -179.5)).toEqual([-183, -18, -179, -16])
    expect(shiftTowardsLongitude([0, 0, 4, 4], 10)).toEqual([0, 0, 4, 4])
  })
})

describe('findLabelPlace', () => {
  it('is the middle of a square', () => {
    expect(findLabelPlace([square(0, 0, 4)])).toEqual({ at: [2, 2], width: 4 })
  })

  it('stays out of a hole', () => {
    const place = findLabelPlace([square(0, 0, 10), square(2, 2, 6)])!
    const [x, y] = place.at
    expect(x > 2 && x < 8 && y > 2 && y < 8).toBe(false)
  })

  it('lies inside a bent shape', () => {
    const bent: Ring = [
      [0, 0],
      [10, 0],
      [10, 10],
      [8, 10],
      [8, 2],
      [0, 2],
      [0, 0],
    ]
    const [x, y] = findLabelPlace([bent])!.at
    expect(y <= 2 || x >= 8).toBe(true)
  })
})

describe('placeLabels', () => {
  it('writes one label per zone, on its largest piece', () => {
    const pieces = [piece(7, 'Vaduz', square(0, 0, 1)), piece(7, 'Vaduz', square(5, 5, 3))]
    expect(placeLabels(pieces, 100)).toEqual([{ id: 7, name: 'Vaduz', at: [6.5, 6.5] }])
  })

  it('leaves out what is too small for its name, and what has none', () => {
    expect(placeLabels([piece(1, 'Triesenberg', square(0, 0, 1)), piece(2, '', square(3, 3, 9))], 10)).toEqual([])
  })

  it('writes the name in the chosen language, where there is one', () => {
    const pieces = [piece(1, 'Vaduz', square(0, 0, 1)), piece(2, 'Schaan', square(3, 3, 1))]
    const labels = placeLabels(pieces, 100, (id) => (id === 1 ? 'فادوتس' : undefined))
    expect(labels.map(({ name }) => name)).toEqual(['فادوتس', 'Schaan'])
  })

  it('shortens a name of 10,000 characters', () => {
    const [label] = placeLabels([piece(1, 'ab '.repeat(4000), square(0, 0, 50))], 100)
    expect(label!.name).toHaveLength(60)
    expect(makeLabelFeatures([label!]).features[0]!.properties).toEqual({ name: label!.name, rank: 0 })
  })
})

describe('listZones', () => {
  it('names each zone once', () => {
    const pieces = [piece(7, 'Vaduz', square(0, 0, 1)), piece(7, 'Vaduz', square(1, 0, 1)), piece(8, 'Schaan')]
    expect(listZones(pieces)).toEqual([
      { id: 7, name: 'Vaduz', type: 'city', bounded: true },
      { id: 8, name: 'Schaan', type: 'city', bounded: true },
    ])
  })

  it('reads polygons of both kinds', () => {
    expect(listPolygons({ type: 'MultiPolygon', coordinates: [[square(0, 0, 1)], [square(2, 2, 1)]] })).toHaveLength(2)
    expect(listPolygons({ type: 'Point', coordinates: [0, 0] })).toEqual([])
    expect(computeRingArea(square(5, 5, 3))).toBe(9)
  })
})

describe('dropDuplicates', () => {
  const zone = (id: number, name: string, type: string, bounded: boolean) => ({ id, name, type, bounded })

  it('leaves out the place node of a town that has a boundary', () => {
    const town = zone(1, 'Vaduz', 'city', true)
    expect(dropDuplicates([zone(2, 'Vaduz', 'city', false), town])).toEqual([town])
  })

  it('keeps whatever differs in name or type, and places without a boundary', () => {
    const zones = [
      zone(1, 'Vaduz', 'city', true),
      zone(2, 'Vaduz', 'suburb', false),
      zone(3, 'Ebenholz', 'city', false),
      zone(4, 'Vaduz', 'city', true),
    ]
    expect(dropDuplicates(zones)).toEqual(zones)
  })
})
