# SPDX-License-Identifier: Apache-2.0
"""Files of zones: formats, records, writers, and the reader that merging uses."""
