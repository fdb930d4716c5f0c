// SPDX-License-Identifier: Apache-2.0
/** The selected zone with its parents and children, or the zone type that is marked instead. */
import { getParents, getZone, getZoneByOsmId, type Zone, type ZoneWithBbox } from '../lib/api'
import { computeBounds } from '../lib/geometry'
import { toZoneRef, type ZoneRef } from '../lib/hash'
import { getMapPadding, isNarrowScreen } from '../lib/layout'
import { t } from '../i18n'
import { chooseRetryDelay, isNotFound, toMessage } from '../lib/problem'
import { chooseOverviewType } from '../lib/zoneTypes'
import type { HistoryMode, useAddress } from './address'
import type { MapRef, State } from './state'

interface SelectOptions {
  history?: HistoryMode
  /** Move the map: never, when the zone is not in sight, or always. */
  frame?: 'never' | 'needed' | 'always'
}

export function useSelection(
  state: State,
  map: MapRef,
  address: ReturnType<typeof useAddress>,
  checkRelease: () => Promise<void>,
) {
  let pending: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function select(ref: ZoneRef, options: SelectOptions = {}): Promise<void> {
    const { history = 'push', frame = 'never' } = options
    pending?.abort()
    clearTimeout(timer)
    const request = (pending = new AbortController())
    state.selecting = true
    state.zoneProblem = null
    if (history === 'none') address.setZone(ref)
    try {
      const release = state.release?.id ?? ''
      const { zone, children } = await ('id' in ref
        ? getZone(ref.id, release, request.signal)
        : getZoneByOsmId(ref.osmId, release, request.signal))
      const { parents } = await getParents(zone.id, release, request.signal)
      if (request.signal.aborted) return
      state.selection = { zone, children, parents: withoutRepeats(parents, zone.id) }
      state.layer = null
      // An address with the id in a release becomes the one that stays valid.
      const outdated = history === 'none' && 'id' in ref
      if (history !== 'none' || outdated) address.setZone(toZoneRef(zone))
      address.write(outdated ? 'replace' : history)
      frameZone(zone, frame)
    } catch (error) {
      if (request.signal.aborted) return
      state.zoneProblem = isNotFound(error) ? t('problems.zoneGone') : toMessage(error)
      if (isNotFound(error)) void checkRelease()
      const delay = chooseRetryDelay(error)
      if (delay !== null) timer = setTimeout(() => void select(ref, options), delay * 1000)
    } finally {
      if (pending === request) {
        state.selecting = false
        pending = null
      }
    }
  }

  function frameZone(zone: ZoneWithBbox, frame: 'never' | 'needed' | 'always'): void {
    const bounds = computeBounds(zone.bbox)
    if (bounds === null || map.value === null || frame === 'never') return
    if (frame === 'needed' && map.value.isFramed(bounds)) return
    map.value.fitBounds(bounds, getMapPadding(state.selection !== null))
  }

  function clear(): void {
    pending?.abort()
    clearTimeout(timer)
    pending = null
    address.setZone(null)
    state.selection = null
    state.selecting = false
    state.zoneProblem = null
  }

  /** Selects the zone that the address names, if it is another one; moves the map there if the address names no view. */
  function followAddress(ref: ZoneRef | null, framed: boolean): void {
    const current = state.selection?.zone
    if (ref === null) {
      if (current) {
        clear()
        state.layer ??= current.zone_type
      }
    } else if (!current || ('id' in ref ? ref.id !== current.id : ref.osmId !== current.osm_id)) {
      void select(ref, { history: 'none', frame: framed ? 'always' : 'never' })
    } else if (framed) {
      zoomToSelection()
    }
  }

  /** Selects a zone that was clicked on the map: it is in sight, unless the panel is about to cover it. */
  const selectClicked = (id: number) => select({ id }, { frame: isNarrowScreen() ? 'always' : 'never' })

  /** Selects a zone of a list. */
  function selectListed(id: number): void {
    map.value?.highlight(null)
    void select({ id }, { frame: 'needed' })
  }

  function zoomToSelection(): void {
    if (state.selection) frameZone(state.selection.zone, 'always')
  }

  function chooseLayer(type: string): void {
    clear()
    state.layer = type
    address.write('push')
  }

  function closePanel(): void {
    const type = state.selection?.zone.zone_type
    clear()
    state.layer ??= type ?? chooseOverviewType(state.release?.counts ?? null)
    address.write('push')
    // The panel had the focus, which would be lost with it.
    map.value?.map.getCanvas().focus({ preventScroll: true })
  }

  return { select, clear, selectClicked, selectListed, followAddress, zoomToSelection, chooseLayer, closePanel }
}

/** Leaves out parents that repeat: in damaged data a zone may be among its parents. */
function withoutRepeats(parents: Zone[], self: number): Zone[] {
  const seen = new Set([self])
  return parents.filter(({ id }) => !seen.has(id) && seen.add(id))
}
