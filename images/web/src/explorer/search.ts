// SPDX-License-Identifier: Apache-2.0
/** Search by name: asks the API after a pause of the typing, and drops answers to earlier texts. */
import { onScopeDispose, reactive, watch } from 'vue'
import type { Explorer } from '.'
import { LONGEST_QUERY, searchZones, type SearchedZone } from '../lib/api'
import { chooseRetryDelay, toMessage } from '../lib/problem'

/** Milliseconds without a key press after which the text is searched. */
const TYPING_PAUSE = 200

export function useSearch({ state, map, preferences }: Pick<Explorer, 'state' | 'map' | 'preferences'>) {
  const search = reactive({
    text: '',
    zones: [] as SearchedZone[],
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

  async function ask(query: string): Promise<void> {
    const mine = (request = new AbortController())
    const centre = map.value?.view ?? null
    const near = centre && { lat: centre.lat, lon: centre.lng }
    try {
      const view = { release: state.release?.id ?? '', lang: preferences.names }
      const { zones } = await searchZones(query, near, view, mine.signal)
      if (mine.signal.aborted) return
      Object.assign(search, { zones, answered: query, problem: null, loading: false })
    } catch (error) {
      if (mine.signal.aborted) return
      Object.assign(search, { zones: [], answered: null, problem: toMessage(error), loading: false })
      const delay = chooseRetryDelay(error)
      if (delay !== null) timer = setTimeout(() => void ask(query), delay * 1000)
    }
  }

  watch(
    [() => search.text.trim().slice(0, LONGEST_QUERY), () => preferences.names, () => state.release?.id],
    ([query]) => {
      stop()
      if (query === '') {
        Object.assign(search, { zones: [], answered: null, problem: null })
        return
      }
      search.loading = true
      timer = setTimeout(() => void ask(query), TYPING_PAUSE)
    },
    { flush: 'sync' },
  )
  onScopeDispose(stop)

  return search
}
