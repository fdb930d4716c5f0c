// SPDX-License-Identifier: Apache-2.0
/** The explorer: what the page shows, and everything that can change it. The page creates one and provides it. */
import { computed, inject, onScopeDispose, readonly, shallowRef, watch, type InjectionKey } from 'vue'
import type { FoundZone } from '../lib/api'
import { computeZoom, type Place } from '../lib/coordinates'
import { formatPlaceAddress, formatZoneAddress, toZoneRef } from '../lib/hash'
import { getMapPadding } from '../lib/layout'
import type { ZoneMap } from '../lib/map'
import type { Bounds } from '../lib/release'
import type { Marks } from '../lib/style'
import { useAddress } from './address'
import { useHere } from './here'
import { useMapEvents } from './mapEvents'
import { useNames } from './names'
import { usePreferences } from './preferences'
import { useReleases } from './releases'
import { useSelection } from './selection'
import { createState, type MapRef, type State } from './state'

/** What `window.cosmogony` gives to tests and to the browser's console: the map and the state of the page. */
export interface ExplorerHandle {
  readonly map: ZoneMap['map'] | null
  /** The map of the dashboard, while it is shown. */
  dataMap: ZoneMap['map'] | null
  readonly state: Readonly<State>
}

export type Explorer = ReturnType<typeof createExplorer>

export const EXPLORER: InjectionKey<Explorer> = Symbol('explorer')

/** Milliseconds between two questions whether a newer release was published. */
const RELEASE_CHECK_INTERVAL = 60_000

/** Zoom of the map at a place without zones. */
const LONE_PLACE_ZOOM = 8

/** The explorer of the page that this component belongs to. */
export function useExplorer(): Explorer {
  const explorer = inject(EXPLORER)
  if (!explorer) throw new Error('No explorer was provided')
  return explorer
}

/** Creates the explorer. It follows the address and new releases until the scope it was created in ends. */
export function createExplorer() {
  const state = createState()
  const map: MapRef = shallowRef(null)
  const preferences = usePreferences()
  const address = useAddress(state, map)
  const selection = useSelection(state, map, address, () => releases.check())
  const releases = useReleases(state, map, (osmId) => selection.select({ osmId }, { history: 'replace' }))

  const names = useNames(state, map, preferences)
  const here = useHere(state, preferences, names, selection)

  const marks = computed<Marks>(() => {
    if (state.selection) {
      const { zone, children } = state.selection
      return { zone: zone.id, zoneType: zone.zone_type ?? '', children: children.map(({ id }) => id) }
    }
    return { type: state.layer ?? 'country' }
  })

  function followAddress(): void {
    if (!address.read() || state.route.page !== 'explorer') return
    if (state.route.view) map.value?.jumpTo(state.route.view)
    selection.followAddress(state.route.zone, state.route.view === null)
  }

  /** Opens a zone from another page or from a list; the map moves there. */
  function openZone(zone: { id: number; osm_id: string | null }): void {
    if (state.route.page === 'explorer' && map.value) void selection.select({ id: zone.id }, { frame: 'always' })
    else location.hash = formatZoneAddress(toZoneRef(zone))
  }

  /** Moves the map to a place, from any page, and opens one of the zones that hold it, the smallest of which comes first. */
  function openPlace(place: Place, zones: readonly FoundZone[], zone: FoundZone | undefined): void {
    here.showHere(zones)
    const { top, right, bottom, left } = getMapPadding(zone !== undefined)
    const zoom = zone?.bbox
      ? computeZoom(zone.bbox as Bounds, window.innerWidth - left - right, window.innerHeight - top - bottom)
      : LONE_PLACE_ZOOM
    location.hash = formatPlaceAddress({ ...place, zoom }, zone ? toZoneRef(zone) : null)
  }

  function checkRelease(): void {
    void releases.check()
  }

  // Ids are those of a release.
  watch(() => state.release?.id, here.forgetHere)
  watch(
    () => preferences.dark,
    (dark) => map.value?.setDark(dark),
  )
  window.addEventListener('popstate', followAddress)
  window.addEventListener('hashchange', followAddress)
  document.addEventListener('visibilitychange', checkRelease)
  const timer = setInterval(checkRelease, RELEASE_CHECK_INTERVAL)
  onScopeDispose(() => {
    window.removeEventListener('popstate', followAddress)
    window.removeEventListener('hashchange', followAddress)
    document.removeEventListener('visibilitychange', checkRelease)
    clearInterval(timer)
    here.forgetHere()
    selection.clear()
  })

  return {
    ...selection,
    ...here,
    ...useMapEvents(state, map, address, selection, releases, names),
    state,
    map,
    marks,
    preferences,
    names,
    nameOf: names.nameOf,
    openZone,
    openPlace,
    getExplorerAddress: address.getExplorerAddress,
    loadRelease: releases.load,
    showNewerRelease: releases.showNewer,
    handle: {
      get map() {
        return map.value?.map ?? null
      },
      dataMap: null as ZoneMap['map'] | null,
      state: readonly(state) as Readonly<State>,
    } satisfies ExplorerHandle,

    highlight: (id: number | null) => map.value?.highlight(id),
  }
}
