# SPDX-License-Identifier: Apache-2.0
"""Reports of runs, of releases, and of the sizes of database and bucket."""
