# SPDX-License-Identifier: Apache-2.0
"""Code that all steps of a data update share. Nothing is imported here, so that the watch stays small."""
