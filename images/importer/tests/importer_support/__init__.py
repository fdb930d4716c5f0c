# SPDX-License-Identifier: Apache-2.0
"""What tests of the importer, and of servers over its database, share."""
