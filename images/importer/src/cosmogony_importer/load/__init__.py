# SPDX-License-Identifier: Apache-2.0
"""Load the zones of a file as a new release."""
