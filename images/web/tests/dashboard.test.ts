// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { ExpectedCount } from '../src/lib/api'
import { indexCountries } from '../src/lib/countries'
import {
  chooseRows,
  compareVerdicts,
  countGroups,
  countVerdicts,
  markResults,
  toRows,
  toVerdict,
  type RowChoice,
  formatRange,
} from '../src/lib/dashboard'
import { makeZone } from './support/zones'

const result = (
  name: string,
  test_status: ExpectedCount['test_status'],
  total: number,
  known?: 'yes',
): ExpectedCount => ({
  name,
  zone_type: 'state_district',
  zone_type_local_name: null,
  expected_min: 17,
  expected_max: 19,
  total,
  test_status,
  is_known_failure: known ?? null,
  wikidata_id: 'Q1',
  wikidata_ontology: null,
  country_code: null,
})
const FILE = [
  result('Norway', 'ok', 18),
  result('Albania', 'ko', 3),
  result('Chad', 'skip', -1),
  result('Bhutan', 'ko', 1, 'yes'),
]
const ALL: RowChoice = { text: '', group: 'all', type: '' }
const names = (choice: Partial<RowChoice>) => chooseRows(toRows(FILE), { ...ALL, ...choice }).map((row) => row.name)

describe('toVerdict', () => {
  it.each([
    ['ok', null, true, 'ok'],
    ['ok', 'yes', true, 'surprise'],
    ['ko', null, true, 'ko'],
    ['ko', 'yes', true, 'known'],
    ['ko', null, false, 'unclaimed'],
    ['ko', 'yes', false, 'unclaimed'],
    ['skip', null, true, 'missing'],
    ['skip', 'yes', true, 'missing'],
    ['skip', null, false, 'unclaimed'],
  ] as const)('%s, known failure %s, claimed %s: %s', (test_status, is_known_failure, claimed, verdict) => {
    expect(toVerdict({ test_status, is_known_failure, claimed })).toBe(verdict)
  })

  it.each([
    ['ok', null, 'ok'],
    ['ko', null, 'ko'],
    ['ko', 'yes', 'known'],
    ['skip', null, 'unclaimed'],
  ] as const)('results without claims: %s, known failure %s: %s', (test_status, is_known_failure, verdict) => {
    expect(toVerdict({ test_status, is_known_failure })).toBe(verdict)
  })

  it('can be counted', () => {
    expect(countVerdicts(toRows(FILE))).toEqual({ ok: 1, surprise: 0, ko: 1, missing: 0, known: 1, unclaimed: 1 })
    expect(countGroups(toRows(FILE))).toEqual({ right: 1, wrong: 2, unclaimed: 1 })
  })
})

describe('chooseRows', () => {
  it('keeps the order of the file', () => expect(names({})).toEqual(['Norway', 'Albania', 'Chad', 'Bhutan']))
  it('filters by name and by zone type', () => {
    expect(names({ text: 'bhu' })).toEqual(['Bhutan'])
    expect(names({ text: 'state district' })).toHaveLength(4)
    expect(names({ type: 'state' })).toEqual([])
  })
  it('filters by group', () => {
    expect(names({ group: 'right' })).toEqual(['Norway'])
    expect(names({ group: 'wrong' })).toEqual(['Albania', 'Bhutan'])
    expect(names({ group: 'unclaimed' })).toEqual(['Chad'])
  })
})

describe('compareVerdicts', () => {
  it('puts those to look into first', () => {
    const sorted = toRows(FILE).sort(compareVerdicts)
    expect(sorted.map(({ name }) => name)).toEqual(['Albania', 'Bhutan', 'Norway', 'Chad'])
  })
})

describe('markResults', () => {
  const countries = indexCountries([
    makeZone({ id: 1, country_code: 'NO', wikidata: 'Q20', bbox: [5, 58, 31, 71] }),
    makeZone({ id: 2, country_code: 'LI', wikidata: 'Q347', bbox: [9.47, 47.05, 9.64, 47.27] }),
    makeZone({ id: 3, country_code: 'NL', wikidata: 'Q55', bbox: [3, 50, 7, 53] }),
    makeZone({ id: 4, country_code: 'NL', wikidata: 'Q21203', bbox: [-70, 12, -69.8, 12.6] }),
  ])
  const row = (country_code: string | null, wikidata_id: string, test_status: 'ok' | 'ko' | 'skip') => ({
    ...result('x', test_status, 18),
    country_code,
    wikidata_id,
  })

  it('colours a country by the worst of its rows, and gives a small one a point', () => {
    const rows = toRows([
      row('NO', 'Q20', 'ok'),
      row('NO', 'Q20', 'ko'),
      row('LI', 'Q347', 'ok'),
      row('XX', 'Q0', 'ok'),
    ])
    expect(markResults(rows, countries)).toEqual(
      expect.arrayContaining([
        { key: '1', zone: 1, group: 'wrong', at: null },
        {
          key: '2',
          zone: 2,
          group: 'right',
          at: [expect.closeTo(9.555), expect.closeTo(47.16)],
          until: expect.closeTo(5.48) as number,
        },
      ]),
    )
    expect(markResults(rows, countries)).toHaveLength(2)
  })

  it('finds the zone of an item before those of its country code', () => {
    expect(markResults(toRows([row('NL', 'Q21203', 'ok')]), countries).map(({ zone }) => zone)).toEqual([4])
    expect(markResults(toRows([row('NL', 'Q0', 'ok')]), countries).map(({ zone }) => zone)).toEqual([3, 4])
  })
})

describe('formatRange', () => {
  it('keeps the range in one line, and says where only the lower bound is known', () => {
    expect(formatRange({ expected_min: 6, expected_max: 8 })).toBe('expected: 6\u00a0~\u00a08')
    expect(formatRange({ expected_min: 1, expected_max: 4242 })).toBe('expected: at\u00a0least\u00a01')
  })
})
