# SPDX-License-Identifier: Apache-2.0
"""Renders Argo's WorkflowTemplates from the files of role workflows and the settings."""
