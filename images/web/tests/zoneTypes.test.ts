// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { overviewType, typeForZoom, typeName } from '../src/lib/zoneTypes'

const LIECHTENSTEIN = { country: 1, state: 2, city: 13, suburb: 1 }
const WORLD = { country: 241, state: 3000, city: 90000 }

describe('overviewType', () => {
  it('is the largest type with more than one zone', () => {
    expect(overviewType(WORLD)).toBe('country')
    expect(overviewType(LIECHTENSTEIN)).toBe('state')
  })

  it('is the largest type there is when none has two', () => {
    expect(overviewType({ state: 1, city: 1 })).toBe('state')
  })

  it('is country when nothing is known', () => {
    expect(overviewType(null)).toBe('country')
    expect(overviewType({})).toBe('country')
  })
})

describe('typeForZoom', () => {
  it('shows cities in the view of a small country', () => {
    expect(typeForZoom(10, LIECHTENSTEIN)).toBe('city')
    expect(typeForZoom(10, null)).toBe('city')
  })

  it('goes from countries down to suburbs', () => {
    expect(typeForZoom(2, WORLD)).toBe('country')
    expect(typeForZoom(5.5, WORLD)).toBe('state')
    expect(typeForZoom(14, LIECHTENSTEIN)).toBe('suburb')
    expect(typeForZoom(14, WORLD)).toBe('city')
  })
})

describe('typeName', () => {
  it('writes types as words', () => {
    expect(typeName('state_district')).toBe('State district')
    expect(typeName('non_administrative')).toBe('Non administrative')
    expect(typeName('something_new')).toBe('Something new')
  })
})
