# SPDX-License-Identifier: Apache-2.0
"""Make the parts of a release document: inputs, markers, findings and warnings."""
