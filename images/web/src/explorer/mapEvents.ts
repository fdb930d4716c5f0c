// SPDX-License-Identifier: Apache-2.0
/** What happens when the map is created, moved and drawn, or cannot load its tiles. */
import type { MapView } from '../lib/hash'
import { onScopeDispose } from 'vue'
import { t } from '../i18n'
import type { Label, NamedZone } from '../lib/labels'
import type { ZoneMap } from '../lib/map'
import type { Bounds } from '../lib/release'
import type { useAddress } from './address'
import type { useNames } from './names'
import type { useReleases } from './releases'
import type { useSelection } from './selection'
import type { MapRef, State } from './state'

const WORLD_VIEW: Bounds = [-168, -54, 178, 75]

/** Seconds after which tiles that failed are requested again: at first, and at most. */
const RELOAD_DELAY = { first: 10, longest: 60 }

export function useMapEvents(
  state: State,
  map: MapRef,
  address: ReturnType<typeof useAddress>,
  selection: ReturnType<typeof useSelection>,
  releases: ReturnType<typeof useReleases>,
  names: ReturnType<typeof useNames>,
) {
  let delay = RELOAD_DELAY.first
  let timer: ReturnType<typeof setTimeout> | undefined
  let failedSinceReload = false
  onScopeDispose(() => clearTimeout(timer))

  function chooseStartView(): MapView | Bounds {
    if (state.route.page === 'explorer' && state.route.view) return state.route.view
    const bounds = state.release?.bounds ?? WORLD_VIEW
    // A view of the whole world leaves out the poles: the projection stretches them, and no zones are there.
    return bounds[2] - bounds[0] > 300 ? WORLD_VIEW : bounds
  }

  function attachMap(zoneMap: ZoneMap): void {
    map.value = zoneMap
    state.zoom = zoneMap.map.getZoom()
    if (state.route.page === 'explorer' && state.route.zone) {
      void selection.select(state.route.zone, { history: 'none', frame: state.route.view ? 'never' : 'always' })
    }
  }

  function handleMapSettled(zones: NamedZone[], types: string[], marked: string | null): void {
    state.visibleZones = zones
    state.visibleTypes = types
    state.emptyType = zones.length === 0 ? marked : null
    state.settled = true
    if (state.tileProblem !== null && !failedSinceReload) {
      state.tileProblem = null
      delay = RELOAD_DELAY.first
    }
  }

  /** A tile could not be loaded: either the release on the page is gone, or the server has a problem. */
  async function handleTileError(status: number): Promise<void> {
    failedSinceReload = true
    if (status === 404) {
      const before = state.release?.id
      await releases.check()
      if (state.release?.id !== before) return // another tile was the first to notice
      if (state.newerRelease) {
        await releases.showNewer()
        failedSinceReload = false
        state.announcement = t('explorer.notices.switched')
        return
      }
    }
    state.tileProblem = t(status === 503 ? 'problems.tilesNotReady' : 'problems.tiles')
    timer ??= setTimeout(reloadTiles, delay * 1000)
  }

  /** Requests tiles again; the problem stays on the page until the map is drawn without one. */
  function reloadTiles(): void {
    clearTimeout(timer)
    timer = undefined
    delay = Math.min(delay * 2, RELOAD_DELAY.longest)
    failedSinceReload = false
    map.value?.reloadTiles()
  }

  return {
    chooseStartView,
    attachMap,
    handleMapMoved: () => address.write('replace'),
    handleMapSettled,
    handleMapLabelled: (labels: readonly Label[], type: string) => void names.loadLabels(labels, type),
    handleTileError,
    reloadTiles,
  }
}
