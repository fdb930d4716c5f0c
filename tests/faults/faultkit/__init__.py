# SPDX-License-Identifier: Apache-2.0
"""What the tests of faults need: the stack's services, ways to break them, and the table of what was seen."""
