# SPDX-License-Identifier: Apache-2.0
"""What has no use any more."""
