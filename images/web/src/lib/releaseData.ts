// SPDX-License-Identifier: Apache-2.0
/** Requests for what the API knows of releases and of runs. */
import { getJson } from './api'
import type {
  Changes,
  Coverage,
  LeftOut,
  ReleaseDetails,
  ReleaseList,
  ReleaseStatistics,
  Runs,
  SitePages,
  ZoneList,
} from './openapi'

const release = (id: string, part = '') => `api/v1/releases/${encodeURIComponent(id)}${part}`

export const getReleases = (signal?: AbortSignal) => getJson<ReleaseList>('api/v1/releases', signal)

export const getReleaseDetails = (id: string, signal?: AbortSignal) => getJson<ReleaseDetails>(release(id), signal)

export const getStatistics = (id: string, signal?: AbortSignal) =>
  getJson<ReleaseStatistics>(release(id, '/statistics'), signal)

export const getLeftOut = (id: string, signal?: AbortSignal) => getJson<LeftOut>(release(id, '/left_out'), signal)

export const getCoverage = (id: string, signal?: AbortSignal) => getJson<Coverage>(release(id, '/coverage'), signal)

/** The country zones of a release, with names in a language where the data has them. */
export const getCountries = (id: string, language: string, signal?: AbortSignal) =>
  getJson<ZoneList>(release(id, `/countries?lang=${encodeURIComponent(language)}`), signal)

/** The address of what changed from one release to another. */
export const formatChangesUrl = (before: string, after: string, query: string): string =>
  release(before, `/changes/${encodeURIComponent(after)}?${query}`)

/** The first changes from one release to another, by OSM id. */
export const getChanges = (before: string, after: string, limit: number, signal?: AbortSignal) =>
  getJson<Changes>(formatChangesUrl(before, after, `limit=${limit}`), signal)

export const getSitePages = (signal?: AbortSignal) => getJson<SitePages>('api/v1/site', signal)

export const getRuns = (signal?: AbortSignal) => getJson<Runs>('api/v1/runs', signal)
