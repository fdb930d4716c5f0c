-- SPDX-License-Identifier: Apache-2.0
-- Zones to be compared with their parent. Those of one parent are compared one after the other, so that the large
-- geometry is read and prepared once.

CREATE TEMPORARY TABLE sampled_children ON COMMIT DROP AS
SELECT child.id, child.parent
FROM @zones@ child
WHERE child.parent IS NOT NULL AND EXISTS (SELECT FROM @zones@ parent WHERE parent.id = child.parent)
@sample@;
