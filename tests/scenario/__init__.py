# SPDX-License-Identifier: Apache-2.0
"""What tests of the running stack need: its services, ways to break them, and the table of what was seen."""
