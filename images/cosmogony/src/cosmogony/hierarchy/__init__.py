# SPDX-License-Identifier: Apache-2.0
"""What contains a zone, and what follows from it: its country, type and parent."""
