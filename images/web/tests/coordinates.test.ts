// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { computeZoom, parseCoordinates } from '../src/lib/coordinates'

describe('parseCoordinates', () => {
  it.each([
    '47.14, 9.52',
    '47.14,9.52',
    '47.14 9.52',
    ' 47.14;9.52 ',
    '47.14 ; +9.52',
    '47.14N 9.52E',
    '47.14° N, 9.52° E',
    '47.14°n 9.52°e',
    'N 47.14 E 9.52',
    'N47.14°, E9.52°',
    '9.52 E, 47.14 N',
    '47.14°, 9.52°',
  ])('reads %j', (text) => expect(parseCoordinates(text)).toEqual({ lat: 47.14, lng: 9.52 }))

  it.each([
    ['-33.9, 18.4', { lat: -33.9, lng: 18.4 }],
    ['33.9 S 70.5 W', { lat: -33.9, lng: -70.5 }],
    ['−1 −2', { lat: -1, lng: -2 }],
    ['90 180', { lat: 90, lng: 180 }],
    ['47 9', { lat: 47, lng: 9 }],
  ])('reads %j', (text, place) => expect(parseCoordinates(text)).toEqual(place))

  it.each(['91, 9', '47, 181', '-90.1 0', '95 N 9 E'])('finds %j out of range', (text) =>
    expect(parseCoordinates(text)).toBe('outOfRange'),
  )

  it.each([
    '',
    'Vaduz',
    '47.14',
    '9490',
    '75001 69001',
    '1 2 3',
    'Paris 12',
    '47.14N 9.52N',
    '47.14E 9.52E',
    '-47.14 S 9 E',
    '47.14, 9.52 Vaduz',
    '4 Novembre',
  ])('leaves %j to the search by name', (text) => expect(parseCoordinates(text)).toBeNull())
})

describe('computeZoom', () => {
  it('fits a box into the pixels, across the antimeridian too', () => {
    expect(computeZoom([-180, -85, 180, 85], 512, 512)).toBeCloseTo(0, 1)
    expect(computeZoom([-10, 0, 10, 1], 512, 512)).toBeCloseTo(Math.log2(18), 2)
    expect(computeZoom([170, 0, -170, 1], 512, 512)).toBeCloseTo(Math.log2(18), 2)
  })

  it('stays among the zooms of the map', () => {
    expect(computeZoom([1, 1, 1, 1], 512, 512)).toBe(15)
    expect(computeZoom([-180, -90, 180, 90], 10, 10)).toBe(0)
  })
})
