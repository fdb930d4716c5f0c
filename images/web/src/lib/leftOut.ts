// SPDX-License-Identifier: Apache-2.0
/** What did not become a zone, or was repaired, and why. */
import type { FindingRow } from './openapi'

export interface ReasonCount {
  reason: string
  count: number
}

/** The reasons of rows with their numbers of objects, the largest first. */
export function countReasons(rows: readonly FindingRow[]): ReasonCount[] {
  const counts = new Map<string, number>()
  for (const { reason, count } of rows) counts.set(reason, (counts.get(reason) ?? 0) + count)
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count)
}

/** Names a row among those of a table. */
export const keyOfFinding = ({ reason, country_code, admin_level, place }: FindingRow): string =>
  [reason, country_code, admin_level, place].join('/')
