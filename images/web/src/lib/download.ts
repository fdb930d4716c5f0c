// SPDX-License-Identifier: Apache-2.0
/** Files that the visitor saves. */

/** Longest name of a file, without its extension. */
const LONGEST_NAME = 80

/** Makes a name of a file: letters and digits of any script, with - between them. */
export function makeFileName(parts: readonly string[], extension: string): string {
  const name = parts.join('-').replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
  const shortened = Array.from(name).slice(0, LONGEST_NAME).join('')
  return `${shortened.replace(/^-+|-+$/g, '') || 'zone'}.${extension}`
}

/** Lets the browser save text as a file. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  // The browser has read the address by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
