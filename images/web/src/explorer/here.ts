// SPDX-License-Identifier: Apache-2.0
/** The zones of all levels at a place that the visitor clicked. */
import { listZonesAt, type FoundZone } from '../lib/api'
import type { Place } from '../lib/coordinates'
import type { NamedZone } from '../lib/labels'
import { chooseRetryDelay, toMessage } from '../lib/problem'
import { t } from '../i18n'
import type { useNames } from './names'
import type { Preferences } from './preferences'
import type { useSelection } from './selection'
import type { State } from './state'

export function useHere(
  state: State,
  preferences: Preferences,
  names: ReturnType<typeof useNames>,
  selection: ReturnType<typeof useSelection>,
) {
  let request: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  /**
   * Asks for the zones at a place, and selects one.
   *
   * @param marked zones of the map's layer there; of several the visitor chooses, without any the smallest is selected
   */
  function lookAt(place: Place, marked: readonly NamedZone[]): void {
    const current = state.selection?.zone.id
    if (marked.length === 1 && marked[0]!.id !== current) void selection.selectClicked(marked[0]!.id)
    void ask(place, marked.length === 0)
  }

  async function ask(place: Place, select: boolean): Promise<void> {
    request?.abort()
    clearTimeout(timer)
    const { signal } = (request = new AbortController())
    try {
      const view = { release: state.release?.id ?? '', lang: preferences.names }
      const { zones } = await listZonesAt({ lon: place.lng, lat: place.lat }, view, signal)
      if (signal.aborted) return
      if (preferences.names) names.keep(zones)
      state.here = { zones: zones.toReversed(), problem: null }
      if (select) selectSmallest(zones)
    } catch (error) {
      if (signal.aborted) return
      state.here = { zones: [], problem: t('explorer.here.failed', { problem: toMessage(error) }) }
      const delay = chooseRetryDelay(error)
      if (delay !== null) timer = setTimeout(() => void ask(place, select), delay * 1000)
    }
  }

  function selectSmallest([smallest]: readonly FoundZone[]): void {
    if (!smallest) state.announcement = t('explorer.here.nothing')
    else if (smallest.id !== state.selection?.zone.id) void selection.selectClicked(smallest.id)
  }

  function forgetHere(): void {
    request?.abort()
    clearTimeout(timer)
    state.here = null
  }

  /** Lists zones that were found at a place in another way, the smallest first. */
  function showHere(zones: readonly FoundZone[]): void {
    forgetHere()
    if (preferences.names) names.keep(zones)
    state.here = { zones: zones.toReversed(), problem: null }
  }

  return { lookAt, showHere, forgetHere }
}
