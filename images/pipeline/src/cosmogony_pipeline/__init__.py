# SPDX-License-Identifier: Apache-2.0
"""The steps of a data update around the extractor: plan, fetch, extract, merge.

Exit codes of every step: 0 done, 1 a failure that a retry cannot cure (never retry),
2 wrong arguments, 75 transient failure (retry).
"""
