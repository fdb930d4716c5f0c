# SPDX-License-Identifier: Apache-2.0
"""The database of the stack. Needs the extra `postgres`; the rest of the package does not import it."""

from .database import DatabaseAddress
from .errors import translate_database_error

__all__ = ["DatabaseAddress", "translate_database_error"]
