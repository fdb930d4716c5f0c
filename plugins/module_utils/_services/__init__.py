# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Connections to the S3 store, the PostgreSQL database and the HTTP Services of the stack."""
