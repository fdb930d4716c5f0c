// SPDX-License-Identifier: Apache-2.0
/** Rows of the data dashboard: counted and expected zones. */
import type { ExpectedCount } from './api'
import { formatType } from './zoneTypes'

export type Verdict = 'ok' | 'surprise' | 'ko' | 'missing' | 'known' | 'unclaimed'
/** What a visitor filters the verdicts by. */
export type Group = 'right' | 'wrong' | 'unclaimed'

/** An expected count, with the verdict on it. */
export interface DashboardRow extends ExpectedCount {
  /** Index in the answer of the API, from 0. */
  key: number
  verdict: Verdict
}

export type SortKey = 'file' | 'name' | 'type' | 'total' | 'verdict'

/** Which rows the table lists, and in which order. */
export interface RowChoice {
  text: string
  group: Group | 'all'
  sort: SortKey
  descending: boolean
}

export const VERDICTS: Record<Verdict, { label: string; meaning: string }> = {
  ok: { label: 'As expected', meaning: 'The number of zones lies within the expected range.' },
  surprise: {
    label: 'Fine after all',
    meaning: 'Listed as a known failure, yet the number lies within the expected range: the list can be updated.',
  },
  ko: { label: 'Unexpected', meaning: 'The number of zones lies outside the expected range: something to look into.' },
  known: { label: 'Known failure', meaning: 'Outside the expected range, and known to be so.' },
  missing: {
    label: 'Not found',
    meaning: 'The data have such zones, or had them, but no zone has the Wikidata id of the country.',
  },
  unclaimed: {
    label: 'Not claimed',
    meaning: 'The sources of this release have no such zones in the country, so there is nothing to judge.',
  },
}

/** The groups of the page, and their verdicts in the order of the legend. */
export const GROUPS: Record<Group, { label: string; verdicts: readonly Verdict[] }> = {
  right: { label: 'Right', verdicts: ['ok', 'surprise'] },
  wrong: { label: 'Wrong', verdicts: ['ko', 'missing', 'known'] },
  unclaimed: { label: 'Not claimed', verdicts: ['unclaimed'] },
}

const ORDER: readonly Verdict[] = ['ko', 'missing', 'known', 'surprise', 'ok', 'unclaimed']

/** The verdict on a row; where `claimed` is absent, as in results of earlier versions, every root zone is judged. */
export function toVerdict(result: Pick<ExpectedCount, 'test_status' | 'is_known_failure' | 'claimed'>): Verdict {
  const known = result.is_known_failure === 'yes'
  if (!(result.claimed ?? result.test_status !== 'skip')) return 'unclaimed'
  if (result.test_status === 'skip') return 'missing'
  if (result.test_status === 'ok') return known ? 'surprise' : 'ok'
  return known ? 'known' : 'ko'
}

export const toRows = (results: readonly ExpectedCount[]): DashboardRow[] =>
  results.map((result, key) => ({ ...result, key, verdict: toVerdict(result) }))

export function countVerdicts(rows: readonly DashboardRow[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { ok: 0, surprise: 0, ko: 0, missing: 0, known: 0, unclaimed: 0 }
  for (const { verdict } of rows) counts[verdict] += 1
  return counts
}

/** Whether a verdict belongs to a group of the page. */
export const isIn = (group: Group, verdict: Verdict) => GROUPS[group].verdicts.includes(verdict)

export function chooseRows(rows: readonly DashboardRow[], choice: RowChoice): DashboardRow[] {
  const needle = choice.text.trim().toLowerCase()
  const chosen = rows.filter(
    (row) =>
      (choice.group === 'all' || isIn(choice.group, row.verdict)) &&
      `${row.name} ${formatType(row.zone_type)} ${row.zone_type}`.toLowerCase().includes(needle),
  )
  const compare = COMPARE[choice.sort]
  chosen.sort((a, b) => compare(a, b) || a.key - b.key)
  return choice.descending ? chosen.reverse() : chosen
}

const COMPARE: Record<SortKey, (a: DashboardRow, b: DashboardRow) => number> = {
  file: (a, b) => a.key - b.key,
  name: (a, b) => a.name.localeCompare(b.name),
  type: (a, b) => a.zone_type.localeCompare(b.zone_type),
  total: (a, b) => a.total - b.total,
  verdict: (a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict),
}
