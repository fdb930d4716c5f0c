# SPDX-License-Identifier: Apache-2.0
"""What every step of a data update needs. Nothing is loaded here: the watch stays small."""
