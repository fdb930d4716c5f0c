# SPDX-License-Identifier: Apache-2.0
"""Make zones as the original Cosmogony 0.14.5 does, for `cosmogony generate --as-original`."""
