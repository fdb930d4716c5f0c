// SPDX-License-Identifier: Apache-2.0
/** Search by name or coordinates: asks the API after a pause of the typing, and drops answers to earlier texts. */
import { onScopeDispose, reactive, watch } from 'vue'
import type { Explorer } from '.'
import { listZonesAt, LONGEST_QUERY, searchZones, type FoundZone, type SearchedZone } from '../lib/api'
import { parseCoordinates, type Place } from '../lib/coordinates'
import { chooseRetryDelay, toMessage } from '../lib/problem'

/** Milliseconds without a key press after which the text is searched. */
const TYPING_PAUSE = 200

export type Refusal = 'outOfRange' | 'tooLong'

/** What a visitor wrote, without the control characters that come with copied text. */
const readQuery = (text: string): string => text.replace(/[^\P{Cc}\s]/gu, '').trim()

/** The place that a text names, or why it cannot be searched. */
function readText(query: string): { place: Place | null; refusal: Refusal | null } {
  if (Array.from(query).length > LONGEST_QUERY) return { place: null, refusal: 'tooLong' }
  const place = parseCoordinates(query)
  return place === 'outOfRange' ? { place: null, refusal: place } : { place, refusal: null }
}

export function useSearch({ state, map, preferences }: Pick<Explorer, 'state' | 'map' | 'preferences'>) {
  const search = reactive({
    text: '',
    zones: [] as (SearchedZone | FoundZone)[],
    /** The place that the text names by its coordinates; null where it is a name. */
    place: null as Place | null,
    /** Why the text is not searched: its coordinates are not on the globe, or it is too long. */
    refusal: null as Refusal | null,
    /** The text that the zones were found for; null while none was searched. */
    answered: null as string | null,
    loading: false,
    problem: null as string | null,
  })
  let request: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function stop(): void {
    clearTimeout(timer)
    request?.abort()
    request = null
    search.loading = false
  }

  /** Requests the zones of a name, or those at a place. */
  function find(query: string, place: Place | null, signal: AbortSignal) {
    const view = { release: state.release?.id ?? '', lang: preferences.names }
    if (place) return listZonesAt({ lon: place.lng, lat: place.lat }, view, signal)
    const centre = map.value?.view ?? null
    return searchZones(query, centre && { lat: centre.lat, lon: centre.lng }, view, signal)
  }

  async function ask(query: string, place: Place | null): Promise<void> {
    const mine = (request = new AbortController())
    try {
      const { zones } = await find(query, place, mine.signal)
      if (mine.signal.aborted) return
      Object.assign(search, { zones, answered: query, problem: null, loading: false })
    } catch (error) {
      if (mine.signal.aborted) return
      Object.assign(search, { zones: [], answered: null, problem: toMessage(error), loading: false })
      const delay = chooseRetryDelay(error)
      if (delay !== null) timer = setTimeout(() => void ask(query, place), delay * 1000)
    }
  }

  watch(
    [() => readQuery(search.text), () => preferences.names, () => state.release?.id],
    ([query]) => {
      stop()
      const { place, refusal } = readText(query)
      // The zones of one place are none of another, while those of a name stay until the next ones are found.
      if (place || search.place || search.refusal) Object.assign(search, { zones: [], answered: null, problem: null })
      Object.assign(search, { place, refusal })
      if (query === '' || refusal) {
        Object.assign(search, { zones: [], answered: query || null, problem: null })
        return
      }
      search.loading = true
      timer = setTimeout(() => void ask(query, place), TYPING_PAUSE)
    },
    { flush: 'sync' },
  )
  onScopeDispose(stop)

  return search
}
