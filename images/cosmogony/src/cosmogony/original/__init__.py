# SPDX-License-Identifier: Apache-2.0
"""What Cosmogony 0.14.5 does differently; used by `generate --as-original`."""
