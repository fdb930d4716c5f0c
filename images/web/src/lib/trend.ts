// SPDX-License-Identifier: Apache-2.0
/** The kept releases beside each other. */
import { countGroups, toRows, type Group } from './dashboard'
import type { ExpectedCount, ReleaseDetails } from './openapi'

/** Most releases that are compared. */
export const MOST_RELEASES = 12

export interface ReleaseFigures {
  release: ReleaseDetails
  /** Expected counts by group; null if the release has no statistics. */
  groups: Record<Group, number> | null
  /** Zones by type; null if its manifest is of an earlier version. */
  types: Readonly<Record<string, number>> | null
}

/** The figures of a release. */
export function readFigures(release: ReleaseDetails, statistics: readonly ExpectedCount[] | null): ReleaseFigures {
  return {
    release,
    groups: statistics && countGroups(toRows(statistics)),
    types: release.manifest?.counts?.by_type ?? null,
  }
}

/** The number of zones of a type in a release, or of all zones; null if unknown. */
export const countZones = ({ release, types }: ReleaseFigures, type: string): number | null =>
  type === '' ? release.zones : types ? (types[type] ?? 0) : null
