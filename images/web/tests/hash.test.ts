// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { formatHash, formatZoneAddress, parseHash, toZoneRef } from '../src/lib/hash'

describe('parseHash', () => {
  it('reads zoom, longitude, latitude in this order', () => {
    expect(parseHash('#/10/9.55/47.15')).toEqual({
      page: 'explorer',
      view: { zoom: 10, lng: 9.55, lat: 47.15 },
      zone: null,
    })
  })

  it('reads a zone id, or an OSM id, as the fourth part', () => {
    expect(parseHash('#/9.5/9/47/41')).toMatchObject({ zone: { id: 41 } })
    expect(parseHash('#/9.5/9/47/relation:48')).toMatchObject({ zone: { osmId: 'relation:48' } })
    expect(parseHash('#/9.5/9/47/relation%3A48')).toMatchObject({ zone: { osmId: 'relation:48' } })
  })

  it('knows the other pages', () => {
    expect(parseHash('#/about')).toEqual({ page: 'about' })
    expect(parseHash('#/operations')).toEqual({ page: 'operations' })
    expect(parseHash('#/data_dashboard')).toEqual({ page: 'dashboard', section: 'results' })
    expect(parseHash('#/data_dashboard/changes')).toEqual({ page: 'dashboard', section: 'changes' })
    expect(parseHash('#/data_dashboard/<img>')).toEqual({ page: 'dashboard', section: 'results' })
  })

  it.each(['', '#', '#/', '#/x/y/z', '#/10/9.55', '#/10/9.55/91', '#/99/9/47', '#/NaN/1/2', '#/1e2/1/2'])(
    'opens the explorer without a view for %j',
    (hash) => expect(parseHash(hash)).toMatchObject({ page: 'explorer', view: null }),
  )

  it.each(['<img>', '-1', '1.5', 'relation:', 'relation:x', '%E0%A4%A'])('reads no zone from %j', (part) =>
    expect(parseHash(`#/1/2/3/${part}`)).toMatchObject({ zone: null }),
  )
})

describe('formatHash', () => {
  it('writes two decimals and the zone', () => {
    const view = { zoom: 10, lng: 9.5549, lat: -47.1 }
    expect(formatHash(view, null)).toBe('#/10.00/9.55/-47.10')
    expect(formatHash(view, { id: 7 })).toBe('#/10.00/9.55/-47.10/7')
    expect(formatHash(view, { osmId: 'relation:48' })).toBe('#/10.00/9.55/-47.10/relation:48')
  })

  it('can be parsed again', () => {
    const view = { zoom: 4.25, lng: -120.5, lat: 38.75 }
    expect(parseHash(formatHash(view, { id: 12 }))).toEqual({ page: 'explorer', view, zone: { id: 12 } })
  })
})

describe('toZoneRef', () => {
  it('prefers the OSM id, if an address can name it', () => {
    expect(toZoneRef({ id: 7, osm_id: 'relation:48' })).toEqual({ osmId: 'relation:48' })
    expect(toZoneRef({ id: 7, osm_id: null })).toEqual({ id: 7 })
    expect(toZoneRef({ id: 7, osm_id: '<img>/1' })).toEqual({ id: 7 })
  })
})

describe('formatZoneAddress', () => {
  it.each([{ id: 41 }, { osmId: 'relation:48' }])('is read back: %j', (zone) => {
    expect(parseHash(formatZoneAddress(zone))).toEqual({ page: 'explorer', view: null, zone })
  })
})
