// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import { chooseLanguage, LANGUAGES, setLanguage, t, type Language } from '../src/i18n'
import * as en from '../src/i18n/en'
import * as fr from '../src/i18n/fr'
import { formatCount, formatDay } from '../src/lib/text'

const CATALOGUES: Record<Language, object> = { en: { ...en }, fr: { ...fr } }

/** The texts of a catalogue by address. */
function listTexts(node: object, prefix = ''): [string, string][] {
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string' ? [[prefix + key, value]] : listTexts(value as object, `${prefix}${key}.`),
  )
}

const listValues = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()

afterEach(() => setLanguage('en'))

describe.each(Object.keys(LANGUAGES) as Language[])('the catalogue of %s', (language) => {
  const english = new Map(listTexts(CATALOGUES.en))
  const texts = new Map(listTexts(CATALOGUES[language]))

  it('has the texts of the English one, and no others', () => {
    expect([...texts.keys()].sort()).toEqual([...english.keys()].sort())
    expect([...texts.values()].filter((text) => text.trim() === '')).toEqual([])
  })

  it('has the same values and plurals in each text', () => {
    for (const [key, text] of texts) {
      expect(listValues(text), key).toEqual(listValues(english.get(key)!))
      expect(text.split(' | ').length, key).toBe(english.get(key)!.split(' | ').length)
    }
  })
})

describe('t', () => {
  it('follows the language of the page', () => {
    expect(t('common.close')).toBe('Close')
    setLanguage('fr')
    expect(t('common.close')).toBe('Fermer')
    expect(document.documentElement.lang).toBe('fr')
  })

  it('chooses the plural as the language does', () => {
    const found = (count: number) => t('explorer.search.found', { count }, count)
    expect([0, 1, 2].map(found)).toEqual(['0 zones found', '1 zone found', '2 zones found'])
    setLanguage('fr')
    expect([0, 1, 2].map(found)).toEqual(['0 zone trouvée', '1 zone trouvée', '2 zones trouvées'])
  })

  it('puts values in as they are', () => {
    const name = "<img src=x onerror=alert(1)> {count} @:common.close | {'x'}"
    expect(t('explorer.panel.childrenOf', { name })).toBe(`Children of ${name}`)
  })
})

describe('numbers and days', () => {
  it('are written as the language does', () => {
    expect([formatCount(12345), formatDay('2013-08-03')]).toEqual(['12,345', '3 Aug 2013'])
    setLanguage('fr')
    expect(formatCount(12345).replace(/\s/g, ' ')).toBe('12 345')
    expect(formatDay('2013-08-03')).toBe('3 août 2013')
  })
})

describe('chooseLanguage', () => {
  it.each([
    [['fr-CA', 'en'], 'fr'],
    [['de', 'FR'], 'fr'],
    [['de'], 'en'],
    [[], 'en'],
    [['constructor'], 'en'],
  ])('for %j takes %s', (preferred, chosen) => expect(chooseLanguage(preferred)).toBe(chosen))
})
