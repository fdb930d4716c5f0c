# SPDX-License-Identifier: Apache-2.0
"""Tiles of a release, stored before it is published."""
