// SPDX-License-Identifier: Apache-2.0
/** Rows of the table of a zone's children: which are listed, in which order, and as CSV. */
import type { Zone } from './api'
import { formatCsv, type Cell } from './csv'
import { toSearchable } from './text'
import { formatType } from './zoneTypes'

export const COLUMNS = ['name', 'zone_type', 'admin_level', 'nb_children', 'osm_id', 'wikidata'] as const
export type Column = (typeof COLUMNS)[number]

/** A child with the name that the page shows. */
export type Row = Omit<Zone, 'name'> & { name: string }

export interface Order {
  column: Column
  descending: boolean
}

/** Chooses rows whose name, type or OSM id has a text in it, and sorts them; what has no value comes last. */
export function chooseChildren(rows: readonly Row[], filter: string, { column, descending }: Order): Row[] {
  const needle = toSearchable(filter.trim())
  const chosen = rows.filter((row) =>
    toSearchable(`${row.name}\n${formatType(row.zone_type)}\n${row.osm_id ?? ''}`).includes(needle),
  )
  const direction = descending ? -1 : 1
  return chosen.sort((a, b) => {
    const [x, y] = [a[column] ?? null, b[column] ?? null]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    if (typeof x === 'number' && typeof y === 'number') return direction * (x - y)
    return direction * String(x).localeCompare(String(y), undefined, { numeric: true })
  })
}

/** Makes a CSV file of rows, with the names of the API's fields as header. */
export const formatChildrenCsv = (rows: readonly Row[]): string =>
  formatCsv(
    ['id', ...COLUMNS],
    rows.map((row) => [row.id, ...COLUMNS.map((column): Cell => row[column] ?? null)]),
  )
