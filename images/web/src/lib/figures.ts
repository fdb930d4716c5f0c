// SPDX-License-Identifier: Apache-2.0
/** Shares, areas, durations and times as text in the language of the page. */
import { getLanguage, t } from '../i18n'

const HOUR = 3600
const MINUTE = 60

const format = (value: number, options: Intl.NumberFormatOptions): string =>
  new Intl.NumberFormat(getLanguage(), options).format(value)

/** 0.123 → `12.3 %` */
export const formatShare = (share: number): string => format(share, { style: 'percent', maximumFractionDigits: 1 })

/** 5.25 → `+5.3 %` */
export const formatGrowth = (percent: number): string =>
  format(percent / 100, { style: 'percent', maximumFractionDigits: 1, signDisplay: 'always' })

/** Square metres → square kilometres. */
export const formatArea = (area: number): string =>
  `${format(area / 1e6, { maximumSignificantDigits: 4 })} ${t('dashboard.squareKilometres')}`

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']

/** Bytes → `1.5 MB` */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), BYTE_UNITS.length - 1)
  const unit = BYTE_UNITS[power]!
  return format(bytes / 1000 ** power, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 })
}

/** Seconds → `2 h 5 min`, `3 min 20 s` or `4.2 s` */
export function formatDuration(seconds: number): string {
  if (seconds < MINUTE) return `${format(seconds, { maximumFractionDigits: 1 })} s`
  const unit = seconds < HOUR ? 1 : MINUTE
  const count = Math.round(seconds / unit)
  const [large, small] = [Math.floor(count / 60), count % 60]
  return unit === 1 ? `${large} min ${small} s` : `${large} h ${small} min`
}

/** Day and time of the visitor. */
export function formatMoment(moment: string): string {
  const time = Date.parse(moment)
  if (Number.isNaN(time)) return moment
  return new Intl.DateTimeFormat(getLanguage() === 'en' ? 'en-GB' : getLanguage(), {
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(time)
}
