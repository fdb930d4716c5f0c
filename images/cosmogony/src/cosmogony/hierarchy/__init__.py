# SPDX-License-Identifier: Apache-2.0
"""Which zones contain a zone, and from that its country, type and parent."""
