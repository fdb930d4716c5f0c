# SPDX-License-Identifier: Apache-2.0
"""From the files of role workflows and the settings to the objects that Argo runs."""
