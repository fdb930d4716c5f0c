-- SPDX-License-Identifier: Apache-2.0
-- Zones to compare with their parent. Those with the same parent are compared one after another, so that the large
-- geometry of the parent is read and prepared once.

CREATE TEMPORARY TABLE sampled_children ON COMMIT DROP AS
SELECT child.id, child.parent
FROM @zones@ child
WHERE child.parent IS NOT NULL AND EXISTS (SELECT FROM @zones@ parent WHERE parent.id = child.parent)
@sample@;
