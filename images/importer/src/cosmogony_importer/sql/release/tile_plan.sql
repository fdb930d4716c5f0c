-- SPDX-License-Identifier: Apache-2.0
-- Batches of neighbouring tiles that are still to be made; the table is dropped when all are done.
CREATE TABLE IF NOT EXISTS tile_batches (
    z       smallint NOT NULL,
    batch   integer NOT NULL,
    xs      integer[] NOT NULL,
    ys      integer[] NOT NULL,
    done    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (z, batch)
);
