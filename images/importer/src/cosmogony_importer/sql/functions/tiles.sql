-- SPDX-License-Identifier: Apache-2.0
-- Vector tiles of a release. @postgis@ stands for the schema of the PostGIS extension.
-- Applied again whenever this file changes.

-- One geometry in tile coordinates: clipped to the tile and 10 pixels around it, every vertex rounded by itself,
-- so that a border of two zones stays the same line in both. (ST_AsMVTGeom simplifies each polygon by itself.)
CREATE OR REPLACE FUNCTION cosmogony_catalog.tile_geometry(
    shape @postgis@.geometry, west double precision, north double precision, width double precision)
RETURNS @postgis@.geometry
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $function$
DECLARE
    margin CONSTANT double precision := width * 10 / 256;
    scale CONSTANT double precision := 4096 / width;
    cut @postgis@.geometry;
BEGIN
    cut := @postgis@.ST_ClipByBox2D(shape, @postgis@.ST_MakeEnvelope(
        west - margin, north - width - margin, west + width + margin, north + margin, 3857)::@postgis@.box2d);
    IF cut IS NULL OR @postgis@.ST_IsEmpty(cut) THEN
        RETURN NULL;
    END IF;
    cut := @postgis@.ST_SnapToGrid(@postgis@.ST_TransScale(cut, -west, -north, scale, -scale), 1);
    IF cut IS NULL OR @postgis@.ST_IsEmpty(cut) THEN
        RETURN NULL;
    END IF;
    -- Rounding may make parts collapse, cross themselves, or touch another part along a line. The repaired parts are
    -- rounded again, so one pass may not be enough.
    FOR attempt IN 1 .. 3 LOOP
        EXIT WHEN @postgis@.ST_IsValid(cut);
        SELECT @postgis@.ST_CollectionExtract(@postgis@.ST_Collect(
                   CASE WHEN @postgis@.ST_IsValid(part.geom) THEN part.geom
                        ELSE @postgis@.ST_MakeValid(part.geom, 'method=structure keepcollapsed=false') END), 3)
        INTO cut
        FROM @postgis@.ST_Dump(cut) AS part
        WHERE @postgis@.ST_Area(part.geom) > 0;
        IF NOT @postgis@.ST_IsValid(cut) THEN
            cut := @postgis@.ST_UnaryUnion(cut);
        END IF;
        cut := @postgis@.ST_SnapToGrid(cut, 1);
        EXIT WHEN cut IS NULL;
    END LOOP;
    cut := @postgis@.ST_CollectionExtract(cut, 3);
    IF cut IS NULL OR @postgis@.ST_IsEmpty(cut) THEN
        RETURN NULL;
    END IF;
    -- y points down here, so counter-clockwise numbers are the clockwise rings that the format wants
    RETURN @postgis@.ST_Multi(@postgis@.ST_ForcePolygonCCW(cut));
END
$function$;

-- The table of a release whose geometry is made for a zoom: zones_z<highest zoom of its band>, or zones itself.
-- Older releases have no tables for zooms 0, 1 and 3 alone.
CREATE OR REPLACE FUNCTION cosmogony_catalog.tile_table(release_schema text, z integer)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
    SELECT coalesce(
        (SELECT format('%I.%I', release_schema, 'zones_z' || band)
         FROM unnest(ARRAY[0, 1, 2, 3, 4, 6, 8, 10, 12]) AS band
         WHERE band >= z AND to_regclass(format('%I.%I', release_schema, 'zones_z' || band)) IS NOT NULL
         ORDER BY band LIMIT 1),
        format('%I.zones', release_schema))
$function$;

-- The tile computed from the zones; null when no zone is in it.
CREATE OR REPLACE FUNCTION cosmogony_catalog.compute_tile(release_schema text, z integer, x integer, y integer)
RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, @postgis@
SET client_min_messages = warning
AS $function$
DECLARE
    world CONSTANT double precision := 40075016.685578488;
    width CONSTANT double precision := world / (1 << z);
    west CONSTANT double precision := x * width - world / 2;
    north CONSTANT double precision := world / 2 - y * width;
    box CONSTANT geometry := ST_MakeEnvelope(
        west - width * 10 / 256, north - width - width * 10 / 256,
        west + width + width * 10 / 256, north + width * 10 / 256, 3857);
    origin CONSTANT text := cosmogony_catalog.tile_table(release_schema, z);
    visible text := 'true';
    elsewhere text := 'false';
    mvt bytea;
BEGIN
    IF origin LIKE '%.zones\_z%' THEN
        visible := 'source.min_zoom <= $5';
    ELSIF z <= 2 THEN
        visible := 'source.admin_level <= 2';
    END IF;
    -- For the index a zone across the antimeridian is as wide as the map; its box excludes most of it. A view of boxes
    -- would compute all of them, so only a table is used.
    IF EXISTS (SELECT FROM pg_tables WHERE schemaname = release_schema AND tablename = 'zone_boxes') THEN
        elsewhere := format($condition$
            source.id = ANY (ARRAY(SELECT zone_id FROM %I.zone_boxes WHERE west > east AND east < $6 AND west > $7))
            $condition$, release_schema);
    END IF;
    EXECUTE format($query$
        WITH feature AS MATERIALIZED (  -- otherwise the condition below computes each geometry twice
            SELECT source.id, source.name, source.admin_level, source.zone_type,
                   cosmogony_catalog.tile_geometry(source.geometry, $2, $3, $4) AS geometry
            FROM %s AS source
            WHERE source.geometry && $1 AND %s AND NOT %s
            ORDER BY source.admin_level NULLS LAST, source.id
        )
        SELECT ST_AsMVT(feature, 'vector-zones', 4096, 'geometry', 'id')
        FROM feature
        WHERE feature.geometry IS NOT NULL
        $query$, origin, visible, elsewhere)
    INTO mvt USING box, west, north, width, z, ST_XMin(box) * 360 / world, ST_XMax(box) * 360 / world;
    RETURN nullif(mvt, ''::bytea);
END
$function$;

-- What the tile server calls. `v` in the query names the release; without it the live one answers.
-- Null (HTTP 204) for an empty tile, a tile outside the grid, and a release that is not kept.
CREATE OR REPLACE FUNCTION public.cosmogony(z integer, x integer, y integer, query json)
RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog
AS $function$
DECLARE
    wanted CONSTANT text := CASE WHEN json_typeof(query -> 'v') = 'null' THEN 'null'
                                 ELSE nullif(query ->> 'v', '') END;
    release record;
    mvt bytea;
BEGIN
    IF z IS NULL OR x IS NULL OR y IS NULL OR z < 0 OR z > 20 OR x < 0 OR y < 0 OR x >= 1 << z OR y >= 1 << z THEN
        RETURN NULL;
    END IF;
    IF wanted IS NULL THEN
        SELECT r.schema_name, r.stored_zoom, r.warmed_zoom INTO release
        FROM cosmogony_catalog.live l JOIN cosmogony_catalog.releases r ON r.id = l.release_id;
        IF NOT FOUND AND to_regclass('public.zones') IS NOT NULL THEN  -- an original database, nothing published yet
            RETURN cosmogony_catalog.compute_tile('public', z, x, y);
        END IF;
    ELSE
        -- Martin turns v=null into a JSON null, which is not a release either
        SELECT r.schema_name, r.stored_zoom, r.warmed_zoom INTO release
        FROM cosmogony_catalog.releases r WHERE r.id = wanted AND r.state <> 'loading';
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF z <= release.stored_zoom OR z <= release.warmed_zoom THEN
        EXECUTE format('SELECT t.mvt FROM %I.tiles t WHERE t.z = $1 AND t.x = $2 AND t.y = $3', release.schema_name)
        INTO mvt USING z, x, y;
        IF mvt IS NOT NULL OR z <= release.stored_zoom THEN
            RETURN mvt;
        END IF;
    END IF;
    RETURN cosmogony_catalog.compute_tile(release.schema_name, z, x, y);
EXCEPTION
    WHEN undefined_table OR invalid_schema_name THEN  -- the release was dropped meanwhile
        RETURN NULL;
END
$function$;
COMMENT ON FUNCTION public.cosmogony(integer, integer, integer, json) IS
    '{"description": "Zones of the release that v names, or of the live one"}';
