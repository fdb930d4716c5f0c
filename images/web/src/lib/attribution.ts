// SPDX-License-Identifier: Apache-2.0
/** Attribution of the zones. Only text and links of the HTML in the TileJSON are shown. */

export interface Credit {
  text: string
  /** An http(s) address, or null. */
  url: string | null
}

/** MarkedZones when the TileJSON names nobody. */
export const OPENSTREETMAP: readonly Credit[] = [
  { text: '© OpenStreetMap contributors (ODbL)', url: 'https://www.openstreetmap.org/copyright' },
]

export function parseAttribution(html: unknown): readonly Credit[] {
  if (typeof html !== 'string') return OPENSTREETMAP
  // DOMParser makes a separate document, in which no image is loaded and no script runs.
  const { body } = new DOMParser().parseFromString(html, 'text/html')
  const credits = [...body.childNodes].map(readCredit).filter(({ text }) => text !== '')
  return credits.some(({ text }) => text.trim()) ? credits : OPENSTREETMAP
}

/** The credits as MapLibre takes them. */
export function formatAttribution(credits: readonly Credit[]): string {
  const holder = document.createElement('div')
  holder.append(...credits.map(({ text, url }) => (url === null ? text : link(text, url))))
  return holder.innerHTML
}

function readCredit(node: Node): Credit {
  const href = node instanceof Element && node.tagName === 'A' ? node.getAttribute('href') : null
  return { text: node.nodeType === Node.COMMENT_NODE ? '' : (node.textContent ?? ''), url: toPageUrl(href) }
}

function toPageUrl(href: string | null): string | null {
  return href !== null && /^https?:\/\//i.test(href) && URL.canParse(href) ? href : null
}

function link(text: string, url: string): HTMLAnchorElement {
  return Object.assign(document.createElement('a'), { href: url, textContent: text, target: '_blank', rel: 'noopener' })
}
