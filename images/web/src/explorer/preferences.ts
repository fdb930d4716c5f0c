// SPDX-License-Identifier: Apache-2.0
/** What the visitor prefers: language of the page and of names, and colours. The browser keeps it. */
import { computed, onScopeDispose, reactive, ref, watch } from 'vue'
import { chooseLanguage, LANGUAGES, setLanguage, type Language } from '../i18n'
import { isLanguageTag } from '../lib/text'

export type Theme = 'system' | 'light' | 'dark'

const STORAGE_KEY = 'cosmogony.preferences'
const THEMES: readonly unknown[] = ['system', 'light', 'dark'] satisfies Theme[]

export type Preferences = ReturnType<typeof usePreferences>

export function usePreferences() {
  const stored = load()
  const systemMode = window.matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = ref(systemMode.matches)
  const followSystem = ({ matches }: MediaQueryListEvent) => (systemIsDark.value = matches)
  systemMode.addEventListener('change', followSystem)
  onScopeDispose(() => systemMode.removeEventListener('change', followSystem))

  const theme = ref<Theme>(isTheme(stored.theme) ? stored.theme : 'system')
  const preferences = reactive({
    language: ref<Language>(isLanguage(stored.language) ? stored.language : chooseLanguage(navigator.languages)),
    /** Language tag of the names of zones; empty for the local names. */
    names: ref(typeof stored.names === 'string' && isLanguageTag(stored.names) ? stored.names : ''),
    theme,
    /** Whether the page is dark now. */
    dark: computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark')),
  })

  watch(() => preferences.language, setLanguage, { immediate: true, flush: 'sync' })
  watch(
    () => [preferences.theme, preferences.dark] as const,
    ([chosen, dark]) => {
      const { dataset } = document.documentElement
      if (chosen === 'system') delete dataset.theme
      else dataset.theme = chosen
      dataset.dark = String(dark)
    },
    { immediate: true },
  )
  watch([() => preferences.language, () => preferences.names, () => preferences.theme], ([language, names, chosen]) =>
    save({ language, names, theme: chosen }),
  )
  return preferences
}

function load(): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}')
    return typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {}
  } catch {
    return {} // the browser keeps nothing, or another text than the one below
  }
}

function save(preferences: Record<string, string>): void {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences))
  } catch {
    // The browser keeps nothing: the preferences last as long as the page.
  }
}

const isTheme = (value: unknown): value is Theme => THEMES.includes(value)
const isLanguage = (value: unknown): value is Language => typeof value === 'string' && Object.hasOwn(LANGUAGES, value)
