// SPDX-License-Identifier: Apache-2.0
/** What the sections of the dashboard and the page of operations make of the answers of the API. */
import { describe, expect, it } from 'vitest'
import { countKinds, findReleaseBefore, markChanges, matchesText } from '../src/lib/changes'
import { formatCountry, indexCountries, linkToOsm, toBounds } from '../src/lib/countries'
import { classOf, listCountriesOf, listCoveredTypes, markCoverage } from '../src/lib/coverage'
import { formatBytes, formatDuration, formatGrowth } from '../src/lib/figures'
import { countReasons } from '../src/lib/leftOut'
import { joinBoxes } from '../src/lib/marks'
import { countDays, listStepNames, listSteps } from '../src/lib/runs'
import { countZones, readFigures } from '../src/lib/trend'
import { makeChange, makeRelease, makeRun, makeZone } from './support/zones'

describe('countries', () => {
  const countries = indexCountries([makeZone({ id: 2, name: 'Liechtenstein', country_code: 'LI' })])

  it('have the name of the release, otherwise that of the browser, otherwise their code', () => {
    expect(formatCountry(countries, 'LI')).toBe('Liechtenstein')
    expect(formatCountry(countries, 'FR')).toBe('France')
    expect(formatCountry(countries, '<img>')).toBe('<img>')
    expect(formatCountry(countries, null)).toBe('')
  })

  it('boxes across the antimeridian have their west below their east', () => {
    expect(toBounds([177, -20, -178, -12])).toEqual([177, -20, 182, -12])
    expect(joinBoxes([[1, 2, 3, 4], null, [177, -20, -178, -12]])).toEqual([1, -20, 182, 4])
    expect(joinBoxes([null])).toBeNull()
  })

  it.each([
    ['relation:48', 'https://www.openstreetmap.org/relation/48'],
    ['node:1', 'https://www.openstreetmap.org/node/1'],
    ['relation:9000000000250', null],
    ['javascript:alert(1)', null],
    ['relation:48/../../x', null],
    [null, null],
  ])('links %s to OpenStreetMap: %s', (osmId, url) => expect(linkToOsm(osmId)).toBe(url))
})

describe('changes', () => {
  it('marks a zone once, by the most important of its changes', () => {
    const marks = markChanges([
      makeChange({ change: 'renamed', osm_id: 'relation:4', id: 104, bbox: [1, 1, 2, 3] }),
      makeChange({ change: 'moved', osm_id: 'relation:4', id: 104, bbox: [1, 1, 2, 3] }),
      makeChange({ change: 'removed', osm_id: 'relation:7', id: null, bbox: [8, 1, 9, 2] }),
    ])
    expect(marks).toEqual([
      { key: 'relation:4', group: 'moved', zone: 104, at: [1.5, 2], until: expect.closeTo(2.3) as number },
      { key: 'relation:7', group: 'removed', zone: null, at: [8.5, 1.5] },
    ])
  })

  it('are counted by kind and found by names and ids', () => {
    const changes = [makeChange({ change: 'renamed', name: 'New', name_before: 'Old' }), makeChange({})]
    expect(countKinds(changes)).toEqual({ added: 1, removed: 0, moved: 0, area: 0, renamed: 1 })
    expect(changes.filter((change) => matchesText(change, ' old '))).toHaveLength(1)
    expect(changes.filter((change) => matchesText(change, 'relation:1'))).toHaveLength(2)
  })

  it('are those since the release that was published before', () => {
    const releases = [
      makeRelease({ id: 'c', live: true }),
      makeRelease({ id: 'b', published_at: null, state: 'loaded' }),
      makeRelease({ id: 'a' }),
    ]
    expect(findReleaseBefore(releases, 'c')?.id).toBe('a')
    expect(findReleaseBefore(releases, 'a')).toBeNull()
    expect(findReleaseBefore(releases, 'x')).toBeNull()
  })
})

describe('coverage', () => {
  const rows = [
    { country_code: 'LI', zone_type: 'city', zones: 11, area: 1.6e8, share: 0.9999 },
    { country_code: 'LI', zone_type: 'country', zones: 1, area: 1.6e8, share: 1 },
    { country_code: 'FR', zone_type: 'state', zones: 1, area: 1, share: 0.3 },
    { country_code: '', zone_type: 'city', zones: 1, area: 1, share: null },
  ]
  const countries = indexCountries([makeZone({ id: 2, country_code: 'LI' }), makeZone({ id: 3, country_code: 'FR' })])

  it('lists the types that there are, the largest first', () => {
    expect(listCoveredTypes(rows)).toEqual(['state', 'city'])
  })

  it('has a country without zones of the type, and no mark for zones without a country', () => {
    const listed = listCountriesOf(rows, countries, 'city')
    expect(listed.map(({ country_code, share }) => [country_code, share])).toEqual([
      ['LI', 0.9999],
      ['', null],
      ['FR', 0],
    ])
    expect(markCoverage(listed, countries).map(({ zone, group }) => [zone, group])).toEqual([
      [2, 'all'],
      [3, 'none'],
    ])
  })

  it.each([
    [0, 'none'],
    [0.1, 'some'],
    [0.5, 'half'],
    [0.95, 'most'],
    [1, 'all'],
  ])('a share of %d is in class %s', (share, name) => expect(classOf(share)).toBe(name))
})

describe('left out', () => {
  it('counts objects by reason', () => {
    const row = { country_code: null, examples: [] }
    expect(
      countReasons([
        { ...row, reason: 'no_name', count: 2 },
        { ...row, reason: 'no_rule', count: 7 },
        { ...row, reason: 'no_name', count: 1 },
      ]),
    ).toEqual([
      { reason: 'no_rule', count: 7 },
      { reason: 'no_name', count: 3 },
    ])
  })
})

describe('trend', () => {
  it('counts zones of a type, unless the release does not know them', () => {
    const manifest = { id: 'a', counts: { zones: 17, by_type: { city: 11 }, by_country: {} } }
    const known = readFigures(makeRelease({ manifest }), [])
    const unknown = readFigures(makeRelease({ manifest: null }), null)
    expect(['', 'city', 'suburb'].map((type) => countZones(known, type))).toEqual([17, 11, 0])
    expect(['', 'city'].map((type) => countZones(unknown, type))).toEqual([17, null])
    expect(unknown.groups).toBeNull()
  })
})

describe('runs', () => {
  it('list their steps in order, without the total and what took no time', () => {
    const run = makeRun({ durations: { total: 83, load: 2, own: 1, fetch: 14, merge: 0, gate: null } })
    expect(listSteps(run)).toEqual([
      { step: 'fetch', seconds: 14 },
      { step: 'load', seconds: 2 },
      { step: 'own', seconds: 1 },
    ])
    expect(listStepNames([run, makeRun({ durations: { extract: 3 } })])).toEqual(['fetch', 'extract', 'load', 'own'])
  })

  it('sources are as old as their data', () => {
    const now = Date.parse('2026-01-11T12:00:00Z')
    expect(countDays({ version_date: '2026-01-01', data_timestamp: null }, now)).toBe(10)
    expect(countDays({ version_date: '2026-01-01', data_timestamp: '2026-01-11T11:00:00Z' }, now)).toBe(0)
    expect(countDays({ version_date: null, data_timestamp: null }, now)).toBeNull()
  })
})

describe('figures', () => {
  it.each([
    [0.34, '0.3 s'],
    [59.4, '59.4 s'],
    [83.1, '1 min 23 s'],
    [3599.7, '60 min 0 s'],
    [7384, '2 h 3 min'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

  it.each([
    [5, '5 byte'],
    [592570, '592.6 kB'],
    [1.5e9, '1.5 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it('growth has a sign', () => expect([5.04, -3].map(formatGrowth)).toEqual(['+5%', '-3%']))
})
