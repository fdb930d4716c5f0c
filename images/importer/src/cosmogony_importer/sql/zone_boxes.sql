-- SPDX-License-Identifier: Apache-2.0
-- Boxes of the zones of the live release; replaced together with the views of views.sql.

CREATE OR REPLACE VIEW public.zone_boxes AS
SELECT zone_id, west, south, east, north
FROM @release@.zone_boxes;
COMMENT ON VIEW public.zone_boxes IS 'Boxes of the live zones in degrees; made by cosmogony.stack';
