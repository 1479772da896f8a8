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
