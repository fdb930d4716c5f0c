// SPDX-License-Identifier: Apache-2.0
/** What the page shows. The composables of this folder share it; each changes its own part. */
import { reactive, shallowRef, type ShallowRef } from 'vue'
import type { Zone, ZoneWithBbox } from '../lib/api'
import { parseHash, type Route } from '../lib/hash'
import type { NamedZone } from '../lib/labels'
import type { ZoneMap } from '../lib/map'
import type { Problem } from '../lib/problem'
import type { Release } from '../lib/release'

export interface Selection {
  zone: ZoneWithBbox
  parents: Zone[]
  children: Zone[]
}

export interface State {
  route: Route
  /** Zone type that the map marks; null while a zone is selected. */
  layer: string | null
  zoom: number
  release: Release | null
  releaseProblem: Problem | null
  /** A release published after the one on the page. */
  newerRelease: Release | null
  selection: Selection | null
  selecting: boolean
  zoneProblem: string | null
  /** Why parts of the map are missing. */
  tileProblem: string | null
  announcement: string | null
  visibleZones: NamedZone[]
  /** Whether the map has drawn everything in view. */
  settled: boolean
}

export type MapRef = ShallowRef<ZoneMap | null>

export const createState = (): State =>
  reactive<State>({
    route: parseHash(location.hash),
    layer: null,
    zoom: 0,
    release: null,
    releaseProblem: null,
    newerRelease: null,
    selection: null,
    selecting: false,
    zoneProblem: null,
    tileProblem: null,
    announcement: null,
    visibleZones: [],
    settled: false,
  })

export const createMapRef = (): MapRef => shallowRef(null)
