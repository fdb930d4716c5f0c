// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { FILL, makeStyle } from '../src/lib/style'
import { readRelease } from '../src/lib/release'
import {
  chooseOverviewType,
  chooseTypeForZoom,
  explainEmptyMap,
  formatType,
  isTooSmall,
  ZONE_TYPES,
} from '../src/lib/zoneTypes'

const LIECHTENSTEIN = { country: 1, state: 2, city: 13, suburb: 1 }
const WORLD = { country: 241, state: 3000, city: 90000 }

describe('the colours of the zone types', () => {
  it.each([false, true])('are those of the map, and each is another (dark: %s)', (dark) => {
    const release = readRelease({ tiles: ['/tiles/cosmogony/{z}/{x}/{y}.pbf'] }, null, 'https://zones.example/')
    const fill = makeStyle(release, dark, { type: 'city' }).layers.find(({ id }) => id === FILL)
    const colors = ZONE_TYPES.map((entry) => entry.colors[dark ? 1 : 0])
    expect(new Set(colors).size).toBe(ZONE_TYPES.length)
    const pairs = ZONE_TYPES.flatMap(({ type }, index) => [type, colors[index]])
    expect(fill?.paint).toMatchObject({ 'fill-color': ['match', ['get', 'zone_type'], ...pairs, expect.anything()] })
  })
})

describe('chooseOverviewType', () => {
  it('is the largest type with more than one zone', () => {
    expect(chooseOverviewType(WORLD)).toBe('country')
    expect(chooseOverviewType(LIECHTENSTEIN)).toBe('state')
  })

  it('is the largest type there is when none has two', () => {
    expect(chooseOverviewType({ state: 1, city: 1 })).toBe('state')
  })

  it('is country when nothing is known', () => {
    expect(chooseOverviewType(null)).toBe('country')
    expect(chooseOverviewType({})).toBe('country')
  })
})

describe('chooseTypeForZoom', () => {
  it('shows cities in the view of a small country', () => {
    expect(chooseTypeForZoom(10, LIECHTENSTEIN)).toBe('city')
    expect(chooseTypeForZoom(10, null)).toBe('city')
  })

  it('goes from countries down to suburbs', () => {
    expect(chooseTypeForZoom(2, WORLD)).toBe('country')
    expect(chooseTypeForZoom(5.5, WORLD)).toBe('state')
    expect(chooseTypeForZoom(14, LIECHTENSTEIN)).toBe('suburb')
    expect(chooseTypeForZoom(14, WORLD)).toBe('city')
  })
})

describe('explainEmptyMap', () => {
  it('says whether zooming in helps', () => {
    expect(explainEmptyMap('city', 3, WORLD)).toBe('Zoom in to see zones of the type City.')
    expect(explainEmptyMap('city', 10, WORLD)).toBe('No zones of the type City here.')
    expect(explainEmptyMap('country', 0, null)).toBe('No zones of the type Country here.')
    expect(explainEmptyMap('suburb', 3, WORLD)).toBe('This release has no zones of the type Suburb.')
    expect(explainEmptyMap('non_administrative', 3, null)).toBe('Zoom in to see zones of the type Other.')
  })

  it.each(ZONE_TYPES)('knows a zoom at which all zones of type $type are drawn', ({ type }) =>
    expect(isTooSmall(type, 14)).toBe(false),
  )
})

describe('formatType', () => {
  it('writes types as words', () => {
    expect(formatType('state_district')).toBe('State district')
    expect(formatType('non_administrative')).toBe('Non administrative')
    expect(formatType('something_new')).toBe('Something new')
  })
})
