// SPDX-License-Identifier: Apache-2.0
/** How values are written for people. */

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const COUNT = new Intl.NumberFormat('en-US')

export function dayOf(date: string): string {
  const time = Date.parse(date)
  return Number.isNaN(time) ? date : DAY.format(time)
}

export function dataDateText([oldest, newest]: readonly [string, string]): string {
  return oldest === newest ? dayOf(newest) : `${dayOf(oldest)} – ${dayOf(newest)}`
}

export const countText = (count: number): string => COUNT.format(count)

export const nameOf = (zone: { name: string | null }): string => zone.name || 'unnamed zone'
