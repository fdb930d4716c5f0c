# SPDX-License-Identifier: Apache-2.0
"""What Cosmogony 0.14.5 does otherwise than this extractor; used by `generate --as-original`."""
