// SPDX-License-Identifier: Apache-2.0
/** Data updates: their steps and what they took. */
import { hasMessage, t } from '../i18n'
import type { ManifestSource, RunSummary } from './openapi'

/** The steps of a data update in their order; a run may have others, and each has only those that it came to. */
const STEP_ORDER = ['fetch', 'extract', 'merge', 'load', 'stats', 'tiles', 'gate', 'publish', 'clean']

export interface StepDuration {
  step: string
  seconds: number
}

/** The steps of a run that took time, in their order. */
export function listSteps(run: RunSummary): StepDuration[] {
  const place = ({ step }: StepDuration) => (STEP_ORDER.indexOf(step) + STEP_ORDER.length) % STEP_ORDER.length
  return Object.entries(run.durations)
    .flatMap(([step, seconds]) => (step === 'total' || seconds === null || seconds <= 0 ? [] : [{ step, seconds }]))
    .sort((a, b) => place(a) - place(b))
}

/** The steps that some runs have, in their order. */
export function listStepNames(runs: readonly RunSummary[]): string[] {
  const found = new Set(runs.flatMap(listSteps).map(({ step }) => step))
  const known = STEP_ORDER.filter((step) => found.delete(step))
  return [...known, ...found]
}

/** Whole days since the date of a source's data; null if unknown. */
export function countDays(source: Pick<ManifestSource, 'version_date' | 'data_timestamp'>, now: number): number | null {
  const time = Date.parse(source.data_timestamp ?? source.version_date ?? '')
  return Number.isNaN(time) ? null : Math.max(0, Math.floor((now - time) / 86_400_000))
}

/** The name of a step in words; of a step that the page does not know, its own. */
export function formatStep(step: string): string {
  const key = `operations.steps.names.${step}`
  return hasMessage(key) ? t(key) : step
}

/** Colours of the steps in charts, for light and for dark mode. */
export const STEP_COLORS: readonly (readonly [light: string, dark: string])[] = [
  ['#1d5f96', '#7cc0f2'],
  ['#e08a1e', '#f4b45f'],
  ['#1b8a6b', '#4fc49f'],
  ['#b0378a', '#e285c4'],
  ['#6d5bd0', '#a79bf2'],
  ['#8a6d1d', '#d5b85a'],
  ['#c2410c', '#ff9166'],
  ['#4b7a1d', '#9dcf66'],
  ['#5b6b7b', '#a3b4c5'],
]
