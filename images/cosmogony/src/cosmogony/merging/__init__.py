# SPDX-License-Identifier: Apache-2.0
"""The parts of a merge: one entry per zone, geometry checks, parents across files."""
