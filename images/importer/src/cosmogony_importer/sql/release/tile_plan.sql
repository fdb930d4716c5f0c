-- SPDX-License-Identifier: Apache-2.0
-- Work still to do on stored tiles: batches of neighbouring tiles; dropped when all are done.
CREATE TABLE IF NOT EXISTS tile_batches (
    z       smallint NOT NULL,
    batch   integer NOT NULL,
    xs      integer[] NOT NULL,
    ys      integer[] NOT NULL,
    done    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (z, batch)
);
