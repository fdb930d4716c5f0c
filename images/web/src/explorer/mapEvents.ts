// SPDX-License-Identifier: Apache-2.0
/** What happens when the map is created, moved and drawn, or cannot load its tiles. */
import type { MapView } from '../lib/hash'
import type { NamedZone } from '../lib/labels'
import type { ZoneMap } from '../lib/map'
import type { Bounds } from '../lib/release'
import type { useAddress } from './address'
import type { useReleases } from './releases'
import type { useSelection } from './selection'
import type { MapRef, State } from './state'

const WORLD_VIEW: Bounds = [-168, -54, 178, 75]

export function useMapEvents(
  state: State,
  map: MapRef,
  address: ReturnType<typeof useAddress>,
  selection: ReturnType<typeof useSelection>,
  releases: ReturnType<typeof useReleases>,
) {
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

  function handleMapSettled(zones: NamedZone[]): void {
    state.visibleZones = zones
    state.settled = true
  }

  /** A tile could not be loaded: either the release on the page is gone, or the server has a problem. */
  async function handleTileError(status: number): Promise<void> {
    if (status === 404) {
      await releases.check()
      if (state.newerRelease) {
        await releases.showNewer()
        state.announcement = 'New data was published: the map now shows it.'
        return
      }
    }
    state.tileProblem = status === 503 ? 'The tile service is not ready.' : 'Parts of the map could not be loaded.'
  }

  function reloadTiles(): void {
    state.tileProblem = null
    map.value?.reloadTiles()
  }

  return {
    chooseStartView,
    attachMap,
    handleMapMoved: () => address.write('replace'),
    handleMapSettled,
    handleTileError,
    reloadTiles,
  }
}
