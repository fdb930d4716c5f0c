// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { formatAttribution, OPENSTREETMAP, parseAttribution } from '../src/lib/attribution'

const LINK = '<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener">A &amp; B</a>'

describe('parseAttribution', () => {
  it('reads text and links', () => {
    const credits = parseAttribution(`${LINK}, C &lt;c&gt;`)
    expect(credits).toEqual([
      { text: 'A & B', url: 'https://a.example/?x=1&y=2' },
      { text: ', C <c>', url: null },
    ])
    expect(formatAttribution(credits)).toBe(`${LINK}, C &lt;c&gt;`)
  })

  it.each([[undefined], [null], [7], [''], ['  '], ['<!-- nobody -->'], ['<img src=x onerror=alert(1)>']])(
    'names OpenStreetMap when it reads %j',
    (html) => {
      expect(parseAttribution(html)).toBe(OPENSTREETMAP)
      expect(formatAttribution(parseAttribution(html))).toContain('© OpenStreetMap contributors')
    },
  )

  it.each([
    ['<b onclick="alert(1)">A</b><!-- B -->', 'A'],
    ['<a href="javascript:alert(1)">A</a>', 'A'],
    ['<a href=" https://a.example">A</a>', 'A'],
    ['<a href="/inside">A</a>', 'A'],
    ['<a href="https://">A</a>', 'A'],
    ['<div><a href="https://a.example"><img src=x onerror=alert(1)>A</a></div>', 'A'],
    [
      '<a href="https://a.example/&quot;x" onmouseover="alert(1)">A<i>B</i></a>',
      '<a href="https://a.example/&quot;x" target="_blank" rel="noopener">AB</a>',
    ],
  ])('keeps nothing but text and http(s) links of %s', (html, shown) => {
    expect(formatAttribution(parseAttribution(html))).toBe(shown)
  })
})
