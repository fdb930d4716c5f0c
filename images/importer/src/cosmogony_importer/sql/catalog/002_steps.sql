-- SPDX-License-Identifier: Apache-2.0
-- How long the steps of a release took, the last time they ran.

CREATE TABLE cosmogony_catalog.steps (
    release_id  text NOT NULL REFERENCES cosmogony_catalog.releases (id) ON DELETE CASCADE,
    step        text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    seconds     double precision NOT NULL,
    PRIMARY KEY (release_id, step)
);
COMMENT ON TABLE cosmogony_catalog.steps IS 'Durations of the steps of each kept release';
