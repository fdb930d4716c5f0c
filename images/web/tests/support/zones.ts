// SPDX-License-Identifier: Apache-2.0
/** Objects of the API for tests: what a test does not say is of no importance to it. */
import type { Change, ReleaseDetails, RunSummary, ZoneDetails } from '../../src/lib/openapi'
import type { Release } from '../../src/lib/release'

export const makeZone = (zone: Partial<ZoneDetails>): ZoneDetails => ({
  id: 1,
  osm_id: `relation:${zone.id ?? 1}`,
  name: `Zone ${zone.id ?? 1}`,
  label: null,
  zone_type: 'country',
  admin_level: 2,
  country_code: null,
  parent: null,
  wikidata: null,
  bbox: null,
  center: null,
  ...zone,
})

export const makeChange = (change: Partial<Change>): Change => ({
  change: 'added',
  osm_id: 'relation:1',
  zone_type: 'city',
  name: 'Somewhere',
  name_before: null,
  parent: null,
  parent_before: null,
  area: null,
  area_before: null,
  percent: null,
  id: 1,
  bbox: null,
  ...change,
})

/** The release on the page. */
export const makeShownRelease = (id: string): Release => ({
  id,
  tiles: ['x'],
  attribution: [],
  bounds: null,
  minzoom: 0,
  maxzoom: 14,
  zones: null,
  counts: null,
  publishedAt: null,
  dataDates: null,
  languages: [],
})

/** A kept release. */
export const makeRelease = (release: Partial<ReleaseDetails>): ReleaseDetails => ({
  id: '20260101t000000-00000001',
  inputs_digest: null,
  state: 'published',
  live: false,
  created: '2026-01-01T00:00:00Z',
  published_at: '2026-01-01T00:00:00Z',
  zones: 17,
  gate: null,
  override: null,
  bounds: null,
  prepared: true,
  ...release,
})

export const makeRun = (run: Partial<RunSummary>): RunSummary => ({
  text: 'update-1: published',
  format: 1,
  run: 'update-1',
  status: 'Succeeded',
  result: 'published',
  published: true,
  started: '2026-01-01T00:00:00Z',
  finished: '2026-01-01T00:01:00Z',
  mode: 'full',
  reason: null,
  override: null,
  release: '20260101t000000-00000001',
  live: null,
  inputs: { digest: null, languages: null, as_original: null, versions: null, sources: [] },
  counts: { sources: 1 },
  durations: {},
  skipped: [],
  dropped: { number: 0, zones: [] },
  left_out: null,
  repaired: null,
  gate: null,
  failures: [],
  retried: [],
  warnings: [],
  ...run,
})
