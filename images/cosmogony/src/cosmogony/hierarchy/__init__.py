# SPDX-License-Identifier: Apache-2.0
"""Find the zones that contain a zone, and from them its country, type and parent."""
