# SPDX-License-Identifier: Apache-2.0
"""Do the work of each step of a data update: plan, fetch, extract, merge."""
