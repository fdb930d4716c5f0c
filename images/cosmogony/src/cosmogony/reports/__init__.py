# SPDX-License-Identifier: Apache-2.0
"""Find incomplete relations, objects left out and repairs in an extract, and report them."""
