# SPDX-License-Identifier: Apache-2.0
"""Zones before their place in the hierarchy counts: how they are built, named and labelled."""
