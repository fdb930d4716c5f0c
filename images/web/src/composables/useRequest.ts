// SPDX-License-Identifier: Apache-2.0
/** A request of a component: its answer, why there is none, and another try. */
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

export interface Loaded<T> {
  /** The answer; null while there is none. */
  data: ShallowRef<T | null>
  /** The error of the last try; null after a successful one, and while the first one runs. */
  error: ShallowRef<unknown>
  reload: () => Promise<void>
}

/**
 * Requests something now, and again whenever its key changes; nothing while the key is null. The answer for an earlier key
 * is dropped, and so is a request that still runs when the component goes away.
 */
export function useRequest<K, T>(key: () => K | null, load: (key: K, signal: AbortSignal) => Promise<T>): Loaded<T> {
  const data: ShallowRef<T | null> = shallowRef(null)
  const error = shallowRef<unknown>(null)
  let pending: AbortController | null = null

  async function reload(): Promise<void> {
    pending?.abort()
    const wanted = key()
    if (wanted === null) return
    const request = (pending = new AbortController())
    try {
      const answer = await load(wanted, request.signal)
      if (request.signal.aborted) return
      data.value = answer
      error.value = null
    } catch (cause) {
      if (!request.signal.aborted) error.value = cause
    }
  }

  watch(
    key,
    () => {
      data.value = null
      error.value = null
      void reload()
    },
    { immediate: true },
  )
  onScopeDispose(() => pending?.abort())
  return { data, error, reload }
}
