# SPDX-License-Identifier: Apache-2.0
"""Bytes from a source to the bucket and to the disk, and back."""
