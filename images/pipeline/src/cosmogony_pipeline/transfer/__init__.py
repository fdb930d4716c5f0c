# SPDX-License-Identifier: Apache-2.0
"""Move files between sources, bucket and disk."""
