-- SPDX-License-Identifier: Apache-2.0
-- A name for comparison: lower case, without accents, words separated by one blank. Ranges of characters are written
-- out, because classes such as [:alnum:] depend on the locale of the database.
-- It belongs to the release, so that a question gets the same form as the names that were loaded.

CREATE FUNCTION normal_form(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT btrim(regexp_replace(normalize(replace(replace(replace(replace(translate(regexp_replace(
        lower(normalize(name, NFKD) COLLATE @collation@),
        -- marks above and below letters: accents, Hebrew points, Arabic vowels and stretching; letters like apostrophes
        '[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640\u02b9-\u02bf]+', '', 'g'),
        'øłđðħı', 'olddhi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), NFC),
        -- blanks and punctuation
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u206f\u3000-\u3004\u3008-\u3020]+',
        ' ', 'g')) COLLATE "default";
END;
