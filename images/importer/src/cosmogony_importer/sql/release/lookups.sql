-- SPDX-License-Identifier: Apache-2.0
-- Functions of one release, created in its schema: which zones hold a point, which have a name, how they are called.
-- @search_path@ is the schema of the release, followed by those of the extensions. The functions that others call set
-- it, for the ones that only these call, too. Their plans do not depend on the arguments, and planning takes longer than
-- most answers, so each statement is planned once per session.

-- The first of the languages that a zone has a name in, otherwise its name in the local language.
CREATE FUNCTION zone_name(name text, names jsonb, languages text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT names ->> wanted.language
        FROM unnest(languages) WITH ORDINALITY AS wanted (language, place)
        WHERE names ->> wanted.language IS NOT NULL
        ORDER BY wanted.place
        LIMIT 1), name);
END;

-- The label of a zone in the first of the languages that each of its parts has a name in: name, postcodes, names of the
-- zones above, without a name that equals the one before it. The postcodes are taken out of the local label.
CREATE FUNCTION zone_label(asked_id bigint, languages text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = @search_path@
SET plan_cache_mode = force_generic_plan
AS $function$
BEGIN
    RETURN (
    WITH RECURSIVE chain AS (
        SELECT zone.id, zone.parent, zone.name::text AS local, zone_name(zone.name, zone.names, languages) AS name,
               1 AS place, ARRAY[zone.id] AS seen
        FROM zones AS zone
        WHERE zone.id = asked_id
        UNION ALL
        SELECT above.id, above.parent, above.name, zone_name(above.name, above.names, languages),
               chain.place + 1, chain.seen || above.id
        FROM chain
        JOIN zones AS above ON above.id = chain.parent
        WHERE above.id <> ALL (chain.seen)
    ), compared AS (
        SELECT place, local, name, lag(local) OVER nearest_first AS local_before, lag(name) OVER nearest_first AS name_before
        FROM chain
        WINDOW nearest_first AS (ORDER BY place)
    ), joined AS (
        SELECT max(local) FILTER (WHERE place = 1) AS local,
               max(name) FILTER (WHERE place = 1) AS name,
               coalesce(string_agg(', ' || local, '' ORDER BY place)
                        FILTER (WHERE place > 1 AND local IS DISTINCT FROM local_before), '') AS local_end,
               coalesce(string_agg(', ' || name, '' ORDER BY place)
                        FILTER (WHERE place > 1 AND name IS DISTINCT FROM name_before), '') AS name_end
        FROM compared
    )
    SELECT joined.name || CASE
               WHEN starts_with(zone.label, joined.local) AND right(zone.label, length(joined.local_end)) = joined.local_end
               THEN substr(zone.label, length(joined.local) + 1,
                           greatest(0, length(zone.label) - length(joined.local) - length(joined.local_end)))
               ELSE '' END || joined.name_end
    FROM joined, zones AS zone
    WHERE zone.id = asked_id
    );
END
$function$;

-- A place as a geometry in degrees: on the antimeridian it has both longitudes, at a pole all of them.
-- It sets no search path, so that it becomes part of the query that calls it.
CREATE FUNCTION place(lon double precision, lat double precision) RETURNS @postgis@.geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE
        WHEN abs(lat) > 90 - 1e-9 THEN @postgis@.ST_SetSRID(@postgis@.ST_MakeLine(
            @postgis@.ST_MakePoint(-180, sign(lat) * 90), @postgis@.ST_MakePoint(180, sign(lat) * 90)), 4326)
        WHEN abs(lon) > 180 - 1e-9 THEN @postgis@.ST_SetSRID(@postgis@.ST_Collect(
            @postgis@.ST_MakePoint(-180, lat), @postgis@.ST_MakePoint(180, lat)), 4326)
        ELSE @postgis@.ST_SetSRID(@postgis@.ST_MakePoint(lon, lat), 4326)
    END
$function$;

-- The nearest place in a zone within some metres, in degrees. Degrees of longitude are shortened to the length they have
-- at that latitude, which is precise enough for the distances that are asked for.
CREATE FUNCTION nearest_place(
    lon double precision, lat double precision, types text[], metres_at_most double precision)
RETURNS TABLE (place geometry, metres double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $function$
DECLARE
    metres_of_degree CONSTANT double precision := 110574;  -- at least, along a meridian
    here CONSTANT geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
    longitudes CONSTANT double precision[] := ARRAY[lon - 360, lon, lon + 360];  -- as zones beyond the antimeridian see it
    narrowed CONSTANT double precision := greatest(cos(radians(lat)), 1e-6);
    bound double precision;
BEGIN
    -- Any zone near by gives a distance beyond which nothing need be compared.
    SELECT min(ST_DistanceSphere(ST_ClosestPoint(one.geometry, one.seen_from), here)) INTO bound
    FROM unnest(longitudes) AS longitude, LATERAL (
        SELECT piece.geometry, ST_SetSRID(ST_MakePoint(longitude, lat), 4326) AS seen_from
        FROM zone_pieces AS piece
        WHERE piece.geometry && surroundings(longitude, lat, metres_at_most / metres_of_degree, narrowed)
          AND (types IS NULL OR piece.zone_type = ANY (types))
        ORDER BY piece.geometry <-> ST_SetSRID(ST_MakePoint(longitude, lat), 4326)
        LIMIT 1
    ) AS one;
    RETURN QUERY
    SELECT near.place, ST_DistanceSphere(near.place, here)
    FROM unnest(longitudes) AS longitude, LATERAL (
        SELECT ST_Scale(ST_ClosestPoint(
                   ST_Scale(piece.geometry, narrowed, 1), ST_SetSRID(ST_MakePoint(longitude * narrowed, lat), 4326)),
                   1 / narrowed, 1) AS place
        FROM zone_pieces AS piece
        WHERE piece.geometry && surroundings(
                longitude, lat, least(bound * 1.01 + 1, metres_at_most) / metres_of_degree, narrowed)
          AND (types IS NULL OR piece.zone_type = ANY (types))
    ) AS near
    WHERE ST_DistanceSphere(near.place, here) <= metres_at_most
    ORDER BY 2
    LIMIT 1;
END
$function$;

-- The box around a place that reaches some degrees of latitude far.
CREATE FUNCTION surroundings(lon double precision, lat double precision, reach double precision, narrowed double precision)
RETURNS @postgis@.geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT @postgis@.ST_MakeEnvelope(
        lon - least(180, reach / narrowed), lat - reach, lon + least(180, reach / narrowed), lat + reach, 4326)
$function$;

-- The zones that hold each of some points, the smallest first. A point within 1e-9 degrees of a border (0.1 mm) is on it,
-- and so in the zones on both sides.
-- nearest: metres; for points that no zone holds, the zones that hold the nearest place within this distance.
CREATE FUNCTION reverse(
    lon double precision[], lat double precision[], types text[] DEFAULT NULL, nearest double precision DEFAULT 0)
RETURNS TABLE (point integer, zone_id bigint, distance double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = @search_path@
SET plan_cache_mode = force_generic_plan
AS $function$
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT one.number, one.lon, one.lat, place(one.lon, one.lat) AS place
        FROM unnest(reverse.lon, reverse.lat) WITH ORDINALITY AS one (lon, lat, number)
    ), held AS MATERIALIZED (
        SELECT asked.number, piece.area, piece.rank, piece.zone_id
        FROM asked, LATERAL (
            SELECT DISTINCT piece.area, piece.rank, piece.zone_id
            FROM zone_pieces AS piece
            WHERE ST_DWithin(piece.geometry, asked.place, 1e-9) AND (types IS NULL OR piece.zone_type = ANY (types))
        ) AS piece
    ), off AS (
        SELECT asked.number, found.place, found.metres
        FROM asked, LATERAL nearest_place(asked.lon, asked.lat, types, nearest) AS found
        WHERE nearest > 0 AND NOT EXISTS (SELECT FROM held WHERE held.number = asked.number)
    )
    SELECT found.number::integer, found.zone_id, found.metres
    FROM (
        SELECT held.number, held.area, held.rank, held.zone_id, 0::double precision AS metres FROM held
        UNION ALL
        SELECT DISTINCT off.number, piece.area, piece.rank, piece.zone_id, off.metres
        FROM off
        JOIN zone_pieces AS piece ON ST_DWithin(piece.geometry, off.place, 1e-8)
        WHERE types IS NULL OR piece.zone_type = ANY (types)
    ) AS found
    ORDER BY found.number, found.area, found.rank, found.zone_id;
END
$function$;

-- Names that match a normal form, with the quality of the match.
CREATE TYPE named_zone AS (zone_id bigint, score real, match text);

CREATE FUNCTION find_named(wanted text, types text[], countries text[], with_words boolean, with_similar boolean)
RETURNS SETOF named_zone
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $function$
DECLARE
    letters CONSTANT integer := length(wanted);
BEGIN
    RETURN QUERY
    SELECT named.zone_id,
           -- of two zones with the name the more important one, also if it is a foreign name of it: Vienna in Austria
           ((CASE WHEN named.normal = wanted THEN 1.0 + (CASE WHEN named.local THEN 0.05 ELSE 0 END)
                  ELSE 0.6 + (CASE WHEN named.local THEN 0.15 ELSE 0 END) END) + named.rank / 2)::real AS score,
           CASE WHEN named.normal = wanted THEN 'name' ELSE 'prefix' END
    FROM zone_names AS named
    WHERE named.normal ~>=~ wanted AND named.normal ~<~ (wanted || U&'\+10FFFF')
      AND (types IS NULL OR named.zone_type = ANY (types))
      AND (countries IS NULL OR named.country_code = ANY (countries))
    ORDER BY score DESC
    LIMIT 1000;
    IF FOUND OR NOT with_words OR letters < 3 THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT named.zone_id, (0.4 + (CASE WHEN named.local THEN 0.15 ELSE 0 END) + named.rank / 2)::real AS score, 'word'
    FROM zone_names AS named
    WHERE named.normal LIKE '% ' || wanted || '%'
      AND (types IS NULL OR named.zone_type = ANY (types))
      AND (countries IS NULL OR named.country_code = ANY (countries))
    ORDER BY score DESC
    LIMIT 1000;
    IF FOUND OR NOT with_similar THEN
        RETURN;
    END IF;
    -- Of two words of n letters, two of which changed places, n - 3 of n + 5 trigrams are the same.
    PERFORM set_config('pg_trgm.similarity_threshold', greatest(0.2, (letters - 3.0) / (letters + 5) - 0.05)::text, true);
    RETURN QUERY
    SELECT similar_one.zone_id,
           ((CASE WHEN similar_one.one_edit THEN 0.5 ELSE 0 END) + similar_one.share * 0.3
            + (CASE WHEN similar_one.local THEN 0.15 ELSE 0 END) + similar_one.rank / 4)::real AS score,
           'fuzzy'
    FROM (
        SELECT named.zone_id, named.local, named.rank, similarity(named.normal, wanted) AS share,
               is_one_edit(named.normal, wanted) AS one_edit
        FROM zone_names AS named
        WHERE named.normal % wanted
          AND (types IS NULL OR named.zone_type = ANY (types))
          AND (countries IS NULL OR named.country_code = ANY (countries))
    ) AS similar_one
    WHERE similar_one.one_edit OR similar_one.share >= 0.5
    ORDER BY score DESC
    LIMIT 1000;
END
$function$;

-- Whether one letter is wrong, missing or too many, or two neighbours changed places.
CREATE FUNCTION is_one_edit(one text, other text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $function$
DECLARE
    longest CONSTANT integer := greatest(length(one), length(other));
    shortest CONSTANT integer := least(length(one), length(other));
    same_begin integer := 0;
    same_end integer := 0;
BEGIN
    IF longest - shortest > 1 THEN
        RETURN false;
    END IF;
    WHILE same_begin < shortest AND substr(one, same_begin + 1, 1) = substr(other, same_begin + 1, 1) LOOP
        same_begin := same_begin + 1;
    END LOOP;
    WHILE same_end < shortest AND left(right(one, same_end + 1), 1) = left(right(other, same_end + 1), 1) LOOP
        same_end := same_end + 1;
    END LOOP;
    RETURN same_begin + same_end >= longest - 1 OR (
        longest = shortest AND same_begin + same_end = longest - 2
        AND substr(one, same_begin + 1, 2) = pg_catalog.reverse(substr(other, same_begin + 1, 2)));
END
$function$;

-- The best of some zones with a name: each once, those near a point first, only those below a zone with another name.
CREATE FUNCTION rank_named(
    candidates named_zone[], max_results integer, above text, lon double precision, lat double precision)
RETURNS SETOF named_zone
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN QUERY
    WITH RECURSIVE best AS (
        SELECT DISTINCT ON (one.zone_id) one.zone_id, one.score, one.match
        FROM unnest(candidates) AS one
        ORDER BY one.zone_id, one.score DESC
    ), wanted_above AS (
        SELECT DISTINCT named.zone_id
        FROM zone_names AS named
        WHERE above <> '' AND named.normal ~>=~ above AND named.normal ~<~ (above || U&'\+10FFFF')
    ), upwards AS (
        SELECT best.zone_id, zone.parent
        FROM best
        JOIN zones AS zone ON zone.id = best.zone_id
        WHERE above <> ''
        UNION
        SELECT upwards.zone_id, zone.parent
        FROM upwards
        JOIN zones AS zone ON zone.id = upwards.parent
    )
    SELECT best.zone_id,
           (best.score + CASE WHEN zone.center_lon IS NULL OR lon IS NULL OR lat IS NULL THEN 0 ELSE
               0.5 / (1 + ST_DistanceSphere(ST_MakePoint(zone.center_lon, zone.center_lat), ST_MakePoint(lon, lat)) / 20000)
           END)::real AS score,
           best.match
    FROM best
    JOIN zones AS zone ON zone.id = best.zone_id
    WHERE above = '' OR best.zone_id IN (
        SELECT upwards.zone_id FROM upwards JOIN wanted_above ON wanted_above.zone_id = upwards.parent)
    ORDER BY score DESC, best.zone_id
    LIMIT max_results;
END
$function$;

-- The zones with a name, the best first. A name that equals the query counts most, then one that begins with it, then one
-- with a word that begins with it; among them the rank of the zone, and how near it is to a point.
-- If there is none: "name, beginning of the name of a zone above", with or without the comma. Last, names that differ by
-- one letter or are otherwise similar.
CREATE FUNCTION search(
    query text, max_results integer, types text[] DEFAULT NULL, countries text[] DEFAULT NULL,
    lon double precision DEFAULT NULL, lat double precision DEFAULT NULL)
RETURNS TABLE (zone_id bigint, score real, match text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = @search_path@
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    has_trigrams CONSTANT boolean := to_regclass('zone_names_trigram_idx') IS NOT NULL;
    wanted CONSTANT text := normal_form(query);
    first CONSTANT text := normal_form(split_part(query, ',', 1));
    above CONSTANT text := normal_form(substr(query, length(split_part(query, ',', 1)) + 2));
    has_two_names CONSTANT boolean := first <> '' AND above <> '';
    words CONSTANT text[] := string_to_array(wanted, ' ');
    has_one_word CONSTANT boolean := cardinality(words) = 1;
BEGIN
    IF wanted = '' OR max_results < 1 THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM rank_named(
        ARRAY(SELECT named FROM find_named(wanted, types, countries, has_trigrams, has_trigrams AND has_one_word) AS named),
        max_results, '', lon, lat);
    IF FOUND OR has_one_word THEN
        RETURN;
    END IF;
    IF has_two_names THEN
        RETURN QUERY SELECT * FROM rank_named(
            ARRAY(SELECT named FROM find_named(first, types, countries, has_trigrams, has_trigrams) AS named),
            max_results, above, lon, lat);
        RETURN;
    END IF;
    FOR own_words IN REVERSE least(cardinality(words) - 1, 6) .. 1 LOOP
        RETURN QUERY SELECT * FROM rank_named(
            ARRAY(SELECT named FROM find_named(
                array_to_string(words[:own_words], ' '), types, countries, false, false) AS named),
            max_results, array_to_string(words[own_words + 1:], ' '), lon, lat);
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;
    RETURN QUERY SELECT * FROM rank_named(
        ARRAY(SELECT named FROM find_named(wanted, types, countries, has_trigrams, has_trigrams) AS named),
        max_results, '', lon, lat);
END
$function$;
