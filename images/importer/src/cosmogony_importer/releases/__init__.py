# SPDX-License-Identifier: Apache-2.0
"""The catalog of releases, and which of them is live."""
