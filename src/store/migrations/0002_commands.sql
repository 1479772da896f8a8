-- Commands as trials. Why each is here:
-- * A run of a command ends with an exit status or a signal, which people filter by.
-- * With replicates a trial has several runs, whose mean and spread are the trial's.
-- * A pruned trial has no score, and yet the sampler learns how far it came: replaying needs both numbers.
-- * Several processes share one sweep: each says how many runs it can take, and the driver hands out queued ones.
ALTER TABLE run ADD COLUMN replicate INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN exit_code INTEGER;
ALTER TABLE run ADD COLUMN exit_signal INTEGER;

ALTER TABLE trial ADD COLUMN pruned_step INTEGER;
ALTER TABLE trial ADD COLUMN pruned_loss REAL;

ALTER TABLE trial_value ADD COLUMN sd REAL;

CREATE TABLE worker (
  owner INTEGER PRIMARY KEY REFERENCES owner (id),
  sweep INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
  slots INTEGER NOT NULL
) STRICT;
CREATE INDEX worker_by_sweep ON worker (sweep);

-- Points come by the million. `IN (…)` in a CHECK builds a table of its values for every row, which was half
-- of the time of an insert, and a metric's row never goes, so nothing is gained by looking it up each time.
CREATE TABLE point_2 (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  metric INTEGER NOT NULL,
  context TEXT NOT NULL,
  step INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL NOT NULL,
  special INTEGER NOT NULL CHECK (special BETWEEN 0 AND 3), -- a number, nan, inf, -inf
  PRIMARY KEY (run, metric, context, step, ts, value, special)
) STRICT, WITHOUT ROWID;
INSERT INTO point_2 SELECT * FROM point;
DROP TABLE point;
ALTER TABLE point_2 RENAME TO point;
