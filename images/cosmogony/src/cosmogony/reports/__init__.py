# SPDX-License-Identifier: Apache-2.0
"""What a run tells of the extract: incomplete relations, objects left out, repairs."""
