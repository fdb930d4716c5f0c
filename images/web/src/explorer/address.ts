// SPDX-License-Identifier: Apache-2.0
/** The address of the page: it names the view of the map and the selected zone. */
import { formatHash, parseHash, type ZoneRef } from '../lib/hash'
import type { MapRef, State } from './state'

export type HistoryMode = 'push' | 'replace' | 'none'

export function useAddress(state: State, map: MapRef) {
  let explorerHash = location.hash
  let knownHash = location.hash
  /** The zone that the address names, which may still be loading. */
  let zone: ZoneRef | null = null

  /** Writes the view of the map and the zone into the address, if it shows the explorer. */
  function write(mode: HistoryMode): void {
    if (mode === 'none' || map.value === null || state.route.page !== 'explorer') return
    const hash = formatHash(map.value.view, zone)
    if (hash === location.hash) return
    history[mode === 'push' ? 'pushState' : 'replaceState'](null, '', hash)
    knownHash = explorerHash = hash
  }

  /** Reads the address after somebody changed it; returns whether it shows another view or zone of the explorer. */
  function read(): boolean {
    if (location.hash === knownHash) return false
    knownHash = location.hash
    state.route = parseHash(location.hash)
    if (state.route.page !== 'explorer') return false
    explorerHash = location.hash
    return true
  }

  return {
    write,
    read,
    setZone: (ref: ZoneRef | null) => (zone = ref),
    /** The hash of the view and zone that the explorer showed last, for links from the other pages. */
    getExplorerAddress: () => explorerHash || '#/',
  }
}
