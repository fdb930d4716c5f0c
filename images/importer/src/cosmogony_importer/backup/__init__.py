# SPDX-License-Identifier: Apache-2.0
"""Backups: the kept releases as objects of an S3 store, from which another database gets the same tables."""
