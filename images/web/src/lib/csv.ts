// SPDX-License-Identifier: Apache-2.0
/** Tables as CSV (RFC 4180), which spreadsheets open. */

export type Cell = string | number | null

/** Beginnings of text that a spreadsheet takes for a formula. */
const FORMULA = /^\s*[=+\-@\t\r|%]/

/** Byte order mark, without which Excel reads the file in another encoding than UTF-8. */
const BYTE_ORDER_MARK = '\ufeff'

/** Makes a CSV file; text that a spreadsheet would run as a formula gets an apostrophe in front. */
export const formatCsv = (header: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  BYTE_ORDER_MARK + [header, ...rows].map((row) => `${row.map(formatCell).join(',')}\r\n`).join('')

function formatCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const safe = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
