# SPDX-License-Identifier: Apache-2.0
"""The commands of the importer: each module with a function `register` adds one or more."""
