// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { chooseChildren, formatChildrenCsv, type Row } from '../src/lib/childTable'
import { formatCsv } from '../src/lib/csv'
import { makeFileName } from '../src/lib/download'
import { makeFeature } from '../src/lib/feature'

const HOSTILE = '<img src=x onerror=alert(1)>'
const row = (id: number, name: string, more: Partial<Row> = {}): Row => ({
  id,
  name,
  parent: 1,
  zone_type: 'city',
  osm_id: `relation:${id}`,
  osm_link: null,
  wikidata: null,
  admin_level: 8,
  nb_children: 0,
  ...more,
})
const ROWS = [
  row(1, 'Ürzig', { admin_level: 10 }),
  row(2, 'abc', { zone_type: 'suburb', admin_level: null, nb_children: 12 }),
  row(3, 'Zell', { admin_level: 9, nb_children: 3 }),
]
const ids = (rows: Row[]) => rows.map(({ id }) => id)

describe('formatCsv', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '|cmd', '%0'])('defuses %j', (text) => {
    const [, line] = formatCsv(['name'], [[text]])
      .slice(1)
      .split(/\r\n(?=.)/, 2)
    expect(line!.replace(/^"/, '').startsWith("'")).toBe(true)
  })

  it('quotes what separates cells and lines, and leaves numbers and other text as they are', () => {
    expect(
      formatCsv(
        ['a', 'b'],
        [
          ['x,"y"\nz', -1],
          [HOSTILE, null],
        ],
      ),
    ).toBe(`\ufeffa,b\r\n"x,""y""\nz",-1\r\n${HOSTILE},\r\n`)
  })
})

describe('the table of children', () => {
  it('filters by name without accents, by type and by OSM id', () => {
    const order = { column: 'name', descending: false } as const
    expect(ids(chooseChildren(ROWS, 'urz', order))).toEqual([1])
    expect(ids(chooseChildren(ROWS, 'suburb', order))).toEqual([2])
    expect(ids(chooseChildren(ROWS, 'relation:3', order))).toEqual([3])
  })

  it('sorts numbers as numbers, text as people do, and puts what has no value last', () => {
    expect(ids(chooseChildren(ROWS, '', { column: 'admin_level', descending: false }))).toEqual([3, 1, 2])
    expect(ids(chooseChildren(ROWS, '', { column: 'admin_level', descending: true }))).toEqual([1, 3, 2])
    expect(ids(chooseChildren(ROWS, '', { column: 'nb_children', descending: true }))).toEqual([2, 3, 1])
    expect(ids(chooseChildren(ROWS, '', { column: 'name', descending: false }))).toEqual([2, 1, 3])
  })

  it('is saved with all its columns', () => {
    expect(formatChildrenCsv([row(4, '=HYPERLINK("http://x")', { wikidata: 'Q1' })])).toBe(
      '\ufeffid,name,zone_type,admin_level,nb_children,osm_id,wikidata\r\n' +
        '4,"\'=HYPERLINK(""http://x"")",city,8,0,relation:4,Q1\r\n',
    )
  })
})

describe('makeFileName', () => {
  it.each([
    [['Vaduz', 'relation:48'], 'Vaduz-relation-48.csv'],
    [['ދިވެހިރާއްޖެ', 'relation:1'], 'ދިވެހިރާއްޖެ-relation-1.csv'],
    [[HOSTILE], 'img-src-x-onerror-alert-1.csv'],
    [['../../etc/passwd'], 'etc-passwd.csv'],
    [[''], 'zone.csv'],
    [['x'.repeat(10_000)], `${'x'.repeat(80)}.csv`],
  ])('makes a safe name of %j', (parts, name) => expect(makeFileName(parts, 'csv')).toBe(name))
})

describe('makeFeature', () => {
  it('is GeoJSON with the fields of the zone as properties', () => {
    const geometry = { type: 'Point', coordinates: [9.5, 47.1] } as const
    const details = { id: 1, osm_id: 'relation:1', name: HOSTILE, label: null, zone_type: 'city', admin_level: 8 }
    const rest = { country_code: 'LI', parent: null, wikidata: null, center: null }
    expect(
      makeFeature({ ...details, ...rest, bbox: [1, 2, 3, 4], geometry: { ...geometry, coordinates: [9.5, 47.1] } }),
    ).toEqual({
      type: 'Feature',
      id: 1,
      bbox: [1, 2, 3, 4],
      geometry,
      properties: { ...details, ...rest, id: 1 },
    })
  })
})
