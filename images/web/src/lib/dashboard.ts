// SPDX-License-Identifier: Apache-2.0
/** Rows of the data dashboard: counted and expected zones. */
import { t } from '../i18n'
import type { ExpectedCount } from './api'
import { findCountryZones, type Countries } from './countries'
import { markCountry, type Mark, type MarkGroup } from './marks'
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

/** Which rows the page lists. */
export interface RowChoice {
  text: string
  group: Group | 'all'
  /** Zone type; empty for all. */
  type: string
}

/** The groups of the page, and their verdicts in the order of the legend. */
export const GROUPS: Record<Group, readonly Verdict[]> = {
  right: ['ok', 'surprise'],
  wrong: ['ko', 'missing', 'known'],
  unclaimed: ['unclaimed'],
}
export const GROUP_NAMES = Object.keys(GROUPS) as Group[]

/** Colours of the groups on the map and in charts, for light and for dark mode; colour-blind people see their difference. */
export const GROUP_COLORS: Record<Group, MarkGroup['colors']> = {
  right: ['#1b8a6b', '#4fc49f'],
  wrong: ['#d9541e', '#ff9166'],
  unclaimed: ['#b4c0cc', '#4a5f75'],
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
export const isIn = (group: Group, verdict: Verdict) => GROUPS[group].includes(verdict)

export const groupOf = (verdict: Verdict): Group => GROUP_NAMES.find((group) => isIn(group, verdict)) ?? 'unclaimed'

export function countGroups(rows: readonly DashboardRow[]): Record<Group, number> {
  const counts: Record<Group, number> = { right: 0, wrong: 0, unclaimed: 0 }
  for (const { verdict } of rows) counts[groupOf(verdict)] += 1
  return counts
}

/** Groups by what a country is coloured with when its rows differ. */
const WORST_FIRST: readonly Group[] = ['wrong', 'right', 'unclaimed']

/** Marks the zones of the countries that rows are about, each by the worst of its rows. */
export function markResults(rows: readonly DashboardRow[], countries: Countries): Mark[] {
  const marks = new Map<number, Mark>()
  for (const group of [...WORST_FIRST].reverse()) {
    for (const row of rows.filter(({ verdict }) => isIn(group, verdict))) {
      for (const zone of findCountryZones(countries, row)) marks.set(zone.id, markCountry(zone, group))
    }
  }
  return [...marks.values()]
}

export function chooseRows(rows: readonly DashboardRow[], { text, group, type }: RowChoice): DashboardRow[] {
  const needle = text.trim().toLowerCase()
  return rows.filter(
    (row) =>
      (group === 'all' || isIn(group, row.verdict)) &&
      (type === '' || row.zone_type === type) &&
      `${row.name} ${formatType(row.zone_type)} ${row.zone_type}`.toLowerCase().includes(needle),
  )
}

/** The upper bound that the expected counts have where the true number is unknown. */
const UNKNOWN_MAX = 4242

/** The expected range in words. */
export const formatRange = ({
  expected_min: from,
  expected_max: to,
}: Pick<ExpectedCount, 'expected_min' | 'expected_max'>) =>
  to === UNKNOWN_MAX ? t('dashboard.results.expectedAtLeast', { from }) : t('dashboard.results.expected', { from, to })

/** Compares rows by verdict, for sorting: those to look into come first. */
export const compareVerdicts = (a: DashboardRow, b: DashboardRow): number =>
  ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict)
