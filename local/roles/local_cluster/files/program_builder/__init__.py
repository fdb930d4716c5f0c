# SPDX-License-Identifier: Apache-2.0
"""Builds the cluster's programs from the language registries. Only the standard library is used."""
