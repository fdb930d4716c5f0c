# SPDX-License-Identifier: Apache-2.0
"""The steps of a data update around the extractor: plan, fetch, extract, merge.

Exit codes of every step: 0 done, 1 permanent error, 2 wrong arguments or settings, 75 transient error (retry).
"""
