// SPDX-License-Identifier: Apache-2.0
/** Names of zones in the language that the visitor chose; the tiles have the local names only. */
import { reactive, shallowReactive, watch } from 'vue'
import { findZonesOfPoints, getZoneDetails, listAncestors, listChildren, listZonesAt } from '../lib/api'
import type { Label } from '../lib/labels'
import { formatName, isLanguageTag } from '../lib/text'
import type { Preferences } from './preferences'
import type { MapRef, State } from './state'

interface Named {
  id: number
  name: string | null
}

export function useNames(state: State, map: MapRef, preferences: Preferences) {
  const names = shallowReactive(new Map<number, string>())
  /** Zones whose names were asked for, so that one without a name in the language is not asked for again. */
  const asked = new Set<number>()
  const languages = reactive(new Set<string>())
  let abort = new AbortController()

  function forget(): void {
    abort.abort()
    abort = new AbortController()
    names.clear()
    asked.clear()
  }

  /** Keeps names that an answer has in the chosen language. */
  function keep(zones: readonly Named[]): void {
    for (const { id, name } of zones) {
      asked.add(id)
      if (name) names.set(id, name)
    }
  }

  /** Asks for the names of zones that are labelled on the map. */
  async function loadLabels(places: readonly Label[], type: string): Promise<void> {
    const wanted = places.filter(({ id }) => !asked.has(id))
    if (preferences.names === '' || wanted.length === 0) return
    for (const { id } of wanted) asked.add(id)
    const points = wanted.map(({ at }) => ({ lon: wrapLongitude(at[0]), lat: at[1] }))
    await quietly(async (signal) => {
      const found = await findZonesOfPoints(points, { ...getView(), ...(type ? { type } : {}) }, signal)
      const ids = new Set(wanted.map(({ id }) => id))
      keep(found.points.flatMap(({ zones }) => zones).filter(({ id }) => ids.has(id)))
    })
    map.value?.relabel()
  }

  /** Asks for the names of the selected zone, and of those above and below it. */
  async function loadSelection(): Promise<void> {
    const osmId = state.selection?.zone.osm_id
    if (preferences.names === '' || !osmId) return
    await quietly(async (signal) => {
      const [zone, above, below] = await Promise.all([
        getZoneDetails(osmId, getView(), signal),
        listAncestors(osmId, getView(), signal),
        listChildren(osmId, getView(), signal),
      ])
      keep([zone, ...above.zones, ...below.zones])
    })
    map.value?.relabel()
  }

  /** Lists the languages that the data have around a place, for the choice. */
  async function loadLanguages(): Promise<void> {
    const centre = map.value?.view
    if (!centre) return
    await quietly(async (signal) => {
      const { zones } = await listZonesAt(
        { lon: wrapLongitude(centre.lng), lat: centre.lat },
        { release: state.release?.id ?? '', include: 'names' },
        signal,
      )
      for (const language of zones.flatMap(({ names }) => Object.keys(names ?? {}))) {
        if (isLanguageTag(language)) languages.add(language)
      }
    })
  }

  const getView = () => ({ release: state.release?.id ?? '', lang: preferences.names })

  /** Runs a request; without an answer the local names stay. */
  async function quietly(request: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = abort
    try {
      await request(signal)
    } catch (error) {
      if (!signal.aborted) console.info('Names in the chosen language are missing:', error)
    }
  }

  watch([() => preferences.names, () => state.release?.id], () => {
    forget()
    map.value?.relabel()
    void loadSelection()
  })
  watch(
    () => state.selection?.zone.id,
    () => void loadSelection(),
  )

  return {
    /** Name of a zone in the chosen language, otherwise the local one. */
    nameOf: (zone: Named): string => names.get(zone.id) ?? formatName(zone),
    findName: (id: number): string | undefined => names.get(id),
    languages,
    loadLabels,
    loadLanguages,
    keep,
  }
}

const wrapLongitude = (longitude: number) => ((((longitude + 180) % 360) + 360) % 360) - 180
