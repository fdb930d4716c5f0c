// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { ExpectedCount } from '../src/lib/api'
import { chooseRows, countVerdicts, toRows, toVerdict, type Choice } from '../src/lib/dashboard'

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
const FILE_ORDER: Choice = { text: '', verdict: 'all', sort: 'file', descending: false }
const names = (choice: Partial<Choice>) => chooseRows(toRows(FILE), { ...FILE_ORDER, ...choice }).map((row) => row.name)

describe('toVerdict', () => {
  it.each([
    ['ok', null, 'ok'],
    ['ok', 'yes', 'surprise'],
    ['ko', null, 'ko'],
    ['ko', 'yes', 'known'],
    ['skip', null, 'skip'],
    ['skip', 'yes', 'skip'],
  ] as const)('%s, known failure %s: %s', (test_status, is_known_failure, verdict) => {
    expect(toVerdict({ test_status, is_known_failure })).toBe(verdict)
  })

  it('can be counted', () => {
    expect(countVerdicts(toRows(FILE))).toEqual({ ok: 1, surprise: 0, ko: 1, known: 1, skip: 1 })
  })
})

describe('chooseRows', () => {
  it('keeps the order of the file', () => expect(names({})).toEqual(['Norway', 'Albania', 'Chad', 'Bhutan']))
  it('filters by name and by zone type', () => {
    expect(names({ text: 'bhu' })).toEqual(['Bhutan'])
    expect(names({ text: 'state district' })).toHaveLength(4)
  })
  it('filters by status', () => expect(names({ verdict: 'ko' })).toEqual(['Albania']))
  it('sorts both ways', () => {
    expect(names({ sort: 'name' })).toEqual(['Albania', 'Bhutan', 'Chad', 'Norway'])
    expect(names({ sort: 'total', descending: true })[0]).toBe('Norway')
    expect(names({ sort: 'verdict' })[0]).toBe('Albania')
  })
})
