// SPDX-License-Identifier: Apache-2.0
/** Columns of the tables, and how their rows are sorted. */

export interface Column<Row> {
  /** Names the column, its cells' class, and the slot that draws them. */
  key: string
  label: string
  /** How to sort by the column; without it it cannot be sorted. */
  compare?: (a: Row, b: Row) => number
  /** Figures, which are aligned at their end. */
  numeric?: boolean
}

/** Compares rows by a text; rows without one come last. */
export const byText =
  <Row>(read: (row: Row) => string | null) =>
  (a: Row, b: Row): number =>
    Number(read(a) === null) - Number(read(b) === null) || (read(a) ?? '').localeCompare(read(b) ?? '')

/** Compares rows by a number; rows without one come first. */
export const byNumber =
  <Row>(read: (row: Row) => number | null) =>
  (a: Row, b: Row): number =>
    (read(a) ?? -Infinity) - (read(b) ?? -Infinity) || 0
