// SPDX-License-Identifier: Apache-2.0
/** The height of the panel on a small screen: a sheet at the bottom that a finger or the keyboard moves. */
import { ref, type Ref } from 'vue'

/** Heights of the sheet, as parts of the height of the page. */
export const SHEET_HEIGHTS = [0.2, 0.46, 0.88] as const
/** Pixels that a finger moves at least to drag; less is a tap. */
const DRAG_START = 6

export function useSheet(panel: Ref<HTMLElement | null>) {
  /** Index of the height. */
  const step = ref(1)
  /** Pixels, while a finger drags the sheet. */
  const dragged = ref<number | null>(null)
  let start: { y: number; height: number } | null = null

  function moveTo(index: number): void {
    step.value = Math.min(Math.max(index, 0), SHEET_HEIGHTS.length - 1)
  }

  /** From the smallest height to the largest, then from the start. */
  const next = () => moveTo((step.value + 1) % SHEET_HEIGHTS.length)

  function handleDown(event: PointerEvent): void {
    if (!panel.value) return
    start = { y: event.clientY, height: panel.value.offsetHeight }
    ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
  }

  function handleMove(event: PointerEvent): void {
    if (start === null) return
    const moved = start.y - event.clientY
    if (dragged.value !== null || Math.abs(moved) >= DRAG_START) dragged.value = start.height + moved
  }

  function handleUp(): void {
    if (start !== null && dragged.value !== null)
      moveTo(findNearest(dragged.value / (panel.value?.parentElement?.offsetHeight ?? 1)))
    start = null
    // The click that follows a drag is none on the handle.
    setTimeout(() => (dragged.value = null))
  }

  function handleClick(): void {
    if (dragged.value === null) next()
  }

  function handleKey(event: KeyboardEvent): void {
    const move = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (move === undefined) return
    event.preventDefault()
    moveTo(step.value + move)
  }

  return {
    step,
    dragged,
    handle: {
      pointerdown: handleDown,
      pointermove: handleMove,
      pointerup: handleUp,
      pointercancel: handleUp,
      click: handleClick,
      keydown: handleKey,
    },
  }
}

/** The index of the height nearest to a part of the page. */
export function findNearest(part: number): number {
  const distances = SHEET_HEIGHTS.map((height) => Math.abs(height - part))
  return distances.indexOf(Math.min(...distances))
}
