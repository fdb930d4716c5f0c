// SPDX-License-Identifier: Apache-2.0
/** What the page shows. The composables of this folder share it; each changes one part. */
import { reactive, type ShallowRef } from 'vue'
import type { FoundZone, Zone, ZoneWithBbox } from '../lib/api'
import { parseHash } from '../lib/hash'
import type { NamedZone } from '../lib/labels'
import type { ZoneMap } from '../lib/map'
import type { Problem } from '../lib/problem'
import type { Release } from '../lib/release'

export interface Selection {
  zone: ZoneWithBbox
  parents: Zone[]
  children: Zone[]
}

/** The zones of all levels at a place, the largest first, or why they are missing. */
export interface Here {
  zones: FoundZone[]
  problem: string | null
}

export type State = ReturnType<typeof createState>

export type MapRef = ShallowRef<ZoneMap | null>

export const createState = () =>
  reactive({
    route: parseHash(location.hash),
    /** Zone type that the map marks; null while a zone is selected. */
    layer: null as string | null,
    zoom: 0,
    release: null as Release | null,
    releaseProblem: null as Problem | null,
    /** A release published after the one on the page. */
    newerRelease: null as Release | null,
    selection: null as Selection | null,
    /** Whether the zone that was asked for last is still loading. */
    selecting: false,
    zoneProblem: null as string | null,
    /** What is at the place that was clicked last. */
    here: null as Here | null,
    /** Why parts of the map are missing. */
    tileProblem: null as string | null,
    /** A notice for the visitor, until it is closed. */
    announcement: null as string | null,
    visibleZones: [] as NamedZone[],
    /** The types of all zones in view, marked or not. */
    visibleTypes: [] as string[],
    /** The marked type while no zone of it is in view. */
    emptyType: null as string | null,
    /** Whether the map has drawn everything in view. */
    settled: false,
  })
