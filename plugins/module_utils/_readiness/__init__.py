# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""What module readiness is made of."""
