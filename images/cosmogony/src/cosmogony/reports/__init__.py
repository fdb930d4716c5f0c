# SPDX-License-Identifier: Apache-2.0
"""Reports about an extract: incomplete relations, objects left out, repairs."""
