// SPDX-License-Identifier: Apache-2.0
/** Texts of the page. Each language has a catalogue in its folder: one JSON file for each part of the page. */
import { createI18n } from 'vue-i18n'
import * as en from './en'
import * as fr from './fr'

/** Languages of the page, each by its own name. */
export const LANGUAGES = { en: 'English', fr: 'Français' } as const
export type Language = keyof typeof LANGUAGES

type Leaves<T, Prefix extends string = ''> = {
  [Key in keyof T & string]: T[Key] extends string ? `${Prefix}${Key}` : Leaves<T[Key], `${Prefix}${Key}.`>
}[keyof T & string]

/** The address of a text, such as `common.close`: file, then keys. */
export type MessageKey = Leaves<typeof en>

const messages: Record<Language, typeof en> = { en: { ...en }, fr: { ...fr } }

/** Languages whose number 0 takes the singular. */
const pluralRules = { fr: (count: number) => (Math.abs(count) < 2 ? 0 : 1) }

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages, pluralRules })

/**
 * Returns a text in the language of the page. What calls it while it renders is rendered again when that changes.
 *
 * @param values replace `{name}` in the text
 * @param count chooses between the singular and the plural, which the text separates by `|`
 */
export function t(key: MessageKey, values: Record<string, string | number> = {}, count?: number): string {
  return count === undefined ? i18n.global.t(key, values) : i18n.global.t(key, values, count)
}

/** Whether the catalogue has a text with this address. */
export const hasMessage = (key: string): key is MessageKey => i18n.global.te(key, 'en')

export const getLanguage = (): Language => i18n.global.locale.value

/** Changes the language of the page. */
export function setLanguage(language: Language): void {
  i18n.global.locale.value = language
  document.documentElement.lang = language
}

/** Returns the first of some preferred languages (BCP 47) that the page has; English if it has none. */
export function chooseLanguage(preferred: readonly string[]): Language {
  const codes = preferred.map((tag) => tag.toLowerCase().split('-')[0]!)
  return codes.find((code): code is Language => Object.hasOwn(LANGUAGES, code)) ?? 'en'
}
