# SPDX-License-Identifier: Apache-2.0
"""What has room on screens of several sizes, and what may not cover what."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .watched_page import WatchedPage

TABLES = ["data_dashboard", "data_dashboard/coverage", "data_dashboard/left_out", "operations"]

# Words of tables that are broken although their own letters are fewer than 24.
BROKEN_WORDS = """
() => {
  const broken = []
  for (const cell of document.querySelectorAll('td')) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const word of node.data.matchAll(/[\\p{L}\\p{N}]{2,24}/gu)) {
        const range = document.createRange()
        range.setStart(node, word.index)
        range.setEnd(node, word.index + word[0].length)
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)))
        if (lines.size > 1) broken.push(word[0])
      }
    }
  }
  return broken
}
"""
# Frames of tables that hide a part of them without showing it.
UNMARKED_FRAMES = """
() => [...document.querySelectorAll('.scroll-frame')].filter(frame => {
  const { scrollWidth, clientWidth } = frame.querySelector('.scroll')
  return (scrollWidth > clientWidth + 1) !== frame.classList.contains('after')
}).length
"""
TALLEST_ROW = "() => Math.max(...[...document.querySelectorAll('tbody tr')].map(row => row.offsetHeight))"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("address", TABLES)
def test_tables_break_no_words_and_show_that_they_scroll(watched: WatchedPage, address: str, width: int) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{watched.site.url}/#/{address}")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    assert page.evaluate(BROKEN_WORDS) == []
    page.wait_for_function(f"() => ({UNMARKED_FRAMES})() === 0")
    assert page.evaluate(TALLEST_ROW) < 130
    assert page.evaluate("() => document.querySelector('main').scrollWidth") <= width
