// SPDX-License-Identifier: Apache-2.0
/** Values as text for people. */

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const COUNT = new Intl.NumberFormat('en-US')

export function formatDay(date: string): string {
  const time = Date.parse(date)
  return Number.isNaN(time) ? date : DAY.format(time)
}

export function formatDataDates([oldest, newest]: readonly [string, string]): string {
  return oldest === newest ? formatDay(newest) : `${formatDay(oldest)} – ${formatDay(newest)}`
}

export const formatCount = (count: number): string => COUNT.format(count)

export const formatName = (zone: { name: string | null }): string => zone.name || 'unnamed zone'
