// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { ExpectedCount } from '../src/lib/api'
import { chooseRows, countVerdicts, toRows, toVerdict, type RowChoice } from '../src/lib/dashboard'

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
const FILE_ORDER: RowChoice = { text: '', group: 'all', sort: 'file', descending: false }
const names = (choice: Partial<RowChoice>) =>
  chooseRows(toRows(FILE), { ...FILE_ORDER, ...choice }).map((row) => row.name)

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
  })
})

describe('chooseRows', () => {
  it('keeps the order of the file', () => expect(names({})).toEqual(['Norway', 'Albania', 'Chad', 'Bhutan']))
  it('filters by name and by zone type', () => {
    expect(names({ text: 'bhu' })).toEqual(['Bhutan'])
    expect(names({ text: 'state district' })).toHaveLength(4)
  })
  it('filters by group', () => {
    expect(names({ group: 'right' })).toEqual(['Norway'])
    expect(names({ group: 'wrong' })).toEqual(['Albania', 'Bhutan'])
    expect(names({ group: 'unclaimed' })).toEqual(['Chad'])
  })
  it('sorts both ways', () => {
    expect(names({ sort: 'name' })).toEqual(['Albania', 'Bhutan', 'Chad', 'Norway'])
    expect(names({ sort: 'total', descending: true })[0]).toBe('Norway')
    expect(names({ sort: 'verdict' })).toEqual(['Albania', 'Bhutan', 'Norway', 'Chad'])
  })
})
