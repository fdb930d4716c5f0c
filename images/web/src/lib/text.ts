// SPDX-License-Identifier: Apache-2.0
/** Values as text for people. */

import { getLanguage, t } from '../i18n'

/** Day and month are written as in Britain, without a comma between them and the year. */
const LOCALES = { en: 'en-GB', fr: 'fr' } as const
const makeDayFormat = (locale: string) =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const DAYS = { en: makeDayFormat(LOCALES.en), fr: makeDayFormat(LOCALES.fr) }
const COUNTS = { en: new Intl.NumberFormat(LOCALES.en), fr: new Intl.NumberFormat(LOCALES.fr) }

export function formatDay(date: string): string {
  const time = Date.parse(date)
  return Number.isNaN(time) ? date : DAYS[getLanguage()].format(time)
}

export function formatDataDates([oldest, newest]: readonly [string, string]): string {
  return oldest === newest ? formatDay(newest) : `${formatDay(oldest)} – ${formatDay(newest)}`
}

export const formatCount = (count: number): string => COUNTS[getLanguage()].format(count)

export const formatName = (zone: { name: string | null }): string => zone.name || t('common.unnamed')

/** Text to compare with what somebody types: without accents, in small letters. */
export const toSearchable = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Whether the API takes a text as language of names. */
export const isLanguageTag = (text: string): boolean => /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(text)
