# SPDX-License-Identifier: Apache-2.0
"""Removing what is no longer needed, in the database and in the S3 store."""
