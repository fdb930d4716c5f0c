// SPDX-License-Identifier: Apache-2.0
/** The release on the page, and the newer one that was published meanwhile. */
import { describeReleaseProblem } from '../lib/problem'
import { fetchLiveReleaseId, loadRelease, getSiteUrl } from '../lib/release'
import { chooseOverviewType, chooseTypeForZoom } from '../lib/zoneTypes'
import type { MapRef, State } from './state'

export function useReleases(state: State, map: MapRef, reselect: (osmId: string) => Promise<void>) {
  let switching = false
  let checking: Promise<void> | null = null

  async function load(): Promise<void> {
    try {
      const release = (state.release = await loadRelease(getSiteUrl()))
      state.releaseProblem = null
      const view = state.route.page === 'explorer' ? state.route.view : null
      state.layer ??= view ? chooseTypeForZoom(view.zoom, release.counts) : chooseOverviewType(release.counts)
    } catch (error) {
      state.releaseProblem = describeReleaseProblem(error)
    }
  }

  /** Asks whether a newer release was published; who asks meanwhile waits for the same answer. */
  const check = (): Promise<void> => (checking ??= ask().finally(() => (checking = null)))

  async function ask(): Promise<void> {
    if (state.release === null || document.hidden) return
    try {
      const live = await fetchLiveReleaseId()
      if (live === state.release.id) state.newerRelease = null
      else if (live !== state.newerRelease?.id) state.newerRelease = await loadRelease(getSiteUrl())
    } catch {
      // The check failed: the release on the page stays usable, and the next check follows in a minute.
    }
  }

  /** Shows the newer release; the selected zone is found again by its OSM id, as ids change with a release. */
  async function showNewer(): Promise<void> {
    const { newerRelease } = state
    if (newerRelease === null || switching) return
    switching = true
    try {
      state.release = newerRelease
      state.newerRelease = null
      state.tileProblem = null
      map.value?.setRelease(newerRelease)
      const osmId = state.selection?.zone.osm_id
      if (osmId) await reselect(osmId)
    } finally {
      switching = false
    }
  }

  return { load, check, showNewer }
}
