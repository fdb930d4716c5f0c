-- SPDX-License-Identifier: Apache-2.0
-- Boxes of zones and of releases, in degrees. @postgis@ stands for the schema of the PostGIS extension.
-- Applied again whenever this file changes.

-- The box of a geometry in web mercator, for zones that came without one; null without a geometry.
-- It is the narrowest box, as in the records of the extractor: if the widest gap between the parts is wider than the gap
-- across the antimeridian, the box crosses the antimeridian, and west is greater than east (RFC 7946, section 5.2).
CREATE OR REPLACE FUNCTION cosmogony_catalog.zone_box(
    shape @postgis@.geometry,
    OUT west double precision, OUT south double precision, OUT east double precision, OUT north double precision)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, @postgis@
AS $function$
DECLARE
    map_width CONSTANT double precision := 2 * 20037508.342789244;
    extent CONSTANT geometry := ST_Envelope(shape);
    degrees CONSTANT geometry := ST_Transform(ST_SetSRID(extent, 3857), 4326);
    free record;
BEGIN
    IF extent IS NULL OR ST_IsEmpty(extent) THEN
        RETURN;
    END IF;
    west := ST_XMin(degrees);
    south := ST_YMin(degrees);
    east := ST_XMax(degrees);
    north := ST_YMax(degrees);
    SELECT range.west, range.east INTO free
    FROM (
        SELECT max(ST_XMax(part.geom)) OVER along AS west, lead(ST_XMin(part.geom)) OVER along AS east
        FROM ST_Dump(shape) AS part
        WINDOW along AS (ORDER BY ST_XMin(part.geom))
    ) AS range
    -- a centimetre more, so that rounding makes no difference
    WHERE range.east - range.west > map_width - (ST_XMax(extent) - ST_XMin(extent)) + 0.01
    ORDER BY range.east - range.west DESC
    LIMIT 1;
    IF FOUND THEN
        west := ST_X(ST_Transform(ST_SetSRID(ST_MakePoint(free.east, 0), 3857), 4326));
        east := ST_X(ST_Transform(ST_SetSRID(ST_MakePoint(free.west, 0), 3857), 4326));
    END IF;
END
$function$;

-- West, south, east, north of all zones of a release, within the square that maps show; null without zones.
-- West is never greater than east, as TileJSON requires: a zone across the antimeridian extends the bounds to all
-- longitudes.
CREATE OR REPLACE FUNCTION cosmogony_catalog.release_bounds(release_schema text)
RETURNS double precision[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $function$
DECLARE
    bounds double precision[];
BEGIN
    EXECUTE format($query$
        SELECT ARRAY[
            CASE WHEN bool_or(west > east) THEN -180 ELSE greatest(min(west), -180) END,
            greatest(min(south), -85.05112877980659),
            CASE WHEN bool_or(west > east) THEN 180 ELSE least(max(east), 180) END,
            least(max(north), 85.05112877980659)]
        FROM %I.zone_boxes
        HAVING count(*) > 0
        $query$, release_schema)
    INTO bounds;
    RETURN bounds;
END
$function$;
