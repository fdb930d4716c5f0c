// SPDX-License-Identifier: Apache-2.0
/** What changed between two releases. */
import { findMiddle, placeZone, type Mark, type MarkGroup } from './marks'
import type { Change, ReleaseDetails } from './openapi'

export type ChangeKind = Change['change']

/** The kinds of change and their colours on the map, for light and for dark mode; the first of a zone's gives its colour. */
export const CHANGE_COLORS: Record<ChangeKind, MarkGroup['colors']> = {
  added: ['#15803d', '#4ade80'],
  removed: ['#c2410c', '#fb923c'],
  moved: ['#be185d', '#f472b6'],
  area: ['#a16207', '#facc15'],
  renamed: ['#6d28d9', '#a78bfa'],
}
export const CHANGE_KINDS = Object.keys(CHANGE_COLORS) as ChangeKind[]

export function countKinds(changes: readonly Change[]): Record<ChangeKind, number> {
  const counts: Record<ChangeKind, number> = { added: 0, removed: 0, moved: 0, area: 0, renamed: 0 }
  for (const { change } of changes) counts[change] += 1
  return counts
}

/** The kept release that was published before another one; null if none is kept. Releases are listed newest first. */
export function findReleaseBefore(releases: readonly ReleaseDetails[], id: string): ReleaseDetails | null {
  const at = releases.findIndex((release) => release.id === id)
  const older = at < 0 ? [] : releases.slice(at + 1)
  return older.find(({ published_at }) => published_at !== null) ?? null
}

/** Names a zone among changes. */
export const keyOf = (change: Change): string => change.osm_id ?? `${change.name ?? ''}/${change.id ?? ''}`

/** Marks each changed zone once, however many changes it has. */
export function markChanges(changes: readonly Change[]): Mark[] {
  const marks = new Map<string, Mark>()
  const rank = (kind: string) => CHANGE_KINDS.indexOf(kind as ChangeKind)
  for (const change of changes) {
    const key = keyOf(change)
    const known = marks.get(key)
    if (known && rank(known.group) <= rank(change.change)) continue
    const place = change.id === null ? { at: findMiddle(change.bbox) } : placeZone(change.bbox)
    marks.set(key, { key, group: change.change, zone: change.id, ...place })
  }
  return [...marks.values()]
}

/** Whether a row of the list has a text in one of its names or ids, in upper or lower case. */
export function matchesText(change: Change, text: string): boolean {
  const needle = text.trim().toLowerCase()
  return [change.name, change.name_before, change.osm_id].some((part) => (part ?? '').toLowerCase().includes(needle))
}
