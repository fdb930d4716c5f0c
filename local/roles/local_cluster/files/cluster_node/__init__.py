# SPDX-License-Identifier: Apache-2.0
"""What role local_cluster does to the machine, apart from Ansible's own modules."""
