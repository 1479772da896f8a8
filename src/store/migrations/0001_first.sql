-- The first schema. Why it looks as it does:
-- * MLflow's semantics must fit, since other tools' runs will be written here: parameters keep their text,
--   tags are mutable, deleting is a lifecycle, runs have parents, a metric's «last» is the largest
--   (step, ts, value), and an exact duplicate of a point collapses while a repeated step stays.
-- * STRICT, so that a value of the wrong type fails at the writer and not at some later reader.
-- * WITHOUT ROWID where the key is the row: one B-tree instead of two halves the cost of a metric point.
-- * Names of metrics and parameters, environments and data sets are written once, not once a run.

CREATE TABLE experiment (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  lifecycle TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'deleted')),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE sweep (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  experiment INTEGER NOT NULL REFERENCES experiment (id),
  model TEXT NOT NULL,
  digest TEXT NOT NULL,
  file TEXT NOT NULL,
  text TEXT NOT NULL,
  sampler TEXT NOT NULL,
  seed INTEGER NOT NULL,
  objectives TEXT NOT NULL,           -- JSON: [{"metric": "roc_auc", "goal": "maximize"}]
  total INTEGER,
  created INTEGER NOT NULL
) STRICT;
-- Not unique: a merge may bring a second sweep of the same file whose trials differ.
CREATE INDEX sweep_by_digest ON sweep (digest, name);

CREATE TABLE sweep_event (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
  ts INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL                -- JSON
) STRICT;
CREATE INDEX sweep_event_by_sweep ON sweep_event (sweep, id);

-- Time that a process drove a sweep. `ended` moves with every beat, so a crash loses seconds, not the session.
CREATE TABLE sweep_session (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT;
CREATE INDEX sweep_session_by_sweep ON sweep_session (sweep);

CREATE TABLE trial (
  sweep INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  point TEXT NOT NULL,                -- JSON, internal form; null is inactive
  params TEXT NOT NULL,               -- JSON
  config BLOB NOT NULL,               -- identity of the configuration
  pending TEXT NOT NULL,              -- JSON: numbers that were pending at the ask
  same_as INTEGER,
  arm TEXT,
  ask_seq INTEGER NOT NULL,
  tell_seq INTEGER,
  PRIMARY KEY (sweep, number)
) STRICT, WITHOUT ROWID;
-- The next place in the order of tells is found at its end, and no place is given twice.
CREATE UNIQUE INDEX trial_by_tell ON trial (sweep, tell_seq) WHERE tell_seq IS NOT NULL;

CREATE TABLE trial_value (
  sweep INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  objective INTEGER NOT NULL,
  loss REAL NOT NULL,                 -- turned so that smaller is better
  PRIMARY KEY (sweep, trial, objective),
  FOREIGN KEY (sweep, trial) REFERENCES trial (sweep, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE context (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  user TEXT NOT NULL,
  host TEXT NOT NULL,
  git_commit TEXT,
  git_branch TEXT,
  git_dirty INTEGER,
  git_diff TEXT,                      -- object
  argv TEXT NOT NULL,                 -- JSON
  env TEXT NOT NULL,                  -- JSON, secrets redacted
  version TEXT NOT NULL
) STRICT;

CREATE TABLE dataset (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  schema_digest TEXT NOT NULL,
  rows INTEGER NOT NULL,
  source TEXT NOT NULL,
  UNIQUE (digest, schema_digest, source)
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number that someone wrote down never names another run
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  experiment INTEGER NOT NULL REFERENCES experiment (id),
  sweep INTEGER REFERENCES sweep (id),
  trial INTEGER,
  attempt INTEGER NOT NULL,
  parent INTEGER REFERENCES run (id) ON DELETE SET NULL,
  status TEXT NOT NULL
    CHECK (status IN ('queued', 'running', 'done', 'failed', 'pruned', 'killed', 'infeasible')),
  reason TEXT,
  deleted INTEGER,                    -- when it went to the bin; the lifecycle is active while null
  context INTEGER NOT NULL REFERENCES context (id),
  seed INTEGER,
  config_key BLOB,                    -- equal keys promise equal results, in any sweep
  cached_from INTEGER REFERENCES run (id) ON DELETE SET NULL,
  started INTEGER,
  ended INTEGER,
  seconds REAL,
  cpu_seconds REAL,
  change_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX run_by_name ON run (name);
CREATE INDEX run_by_trial ON run (sweep, trial, attempt);
CREATE INDEX run_by_key ON run (config_key) WHERE config_key IS NOT NULL;
-- Foreign keys look these up whenever a run is purged; few runs have either.
CREATE INDEX run_by_parent ON run (parent) WHERE parent IS NOT NULL;
CREATE INDEX run_by_origin ON run (cached_from) WHERE cached_from IS NOT NULL;

CREATE TABLE run_input (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  dataset INTEGER NOT NULL REFERENCES dataset (id),
  role TEXT NOT NULL,
  split TEXT,
  PRIMARY KEY (run, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE param_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE param (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  name INTEGER NOT NULL REFERENCES param_name (id),
  position INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('none', 'bool', 'int', 'float', 'text')),
  number REAL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  run INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  changed INTEGER NOT NULL
) STRICT;

CREATE TABLE metric (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- All of it is the key. SQLite has no NaN and a key no NULL, so `special` says what `value` (0 then) is not.
CREATE TABLE point (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  metric INTEGER NOT NULL REFERENCES metric (id),
  context TEXT NOT NULL,
  step INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL NOT NULL,
  special INTEGER NOT NULL CHECK (special IN (0, 1, 2, 3)), -- a number, nan, inf, -inf
  PRIMARY KEY (run, metric, context, step, ts, value, special)
) STRICT, WITHOUT ROWID;

-- NULL is NaN here; infinities are REAL values.
CREATE TABLE summary (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  metric INTEGER NOT NULL REFERENCES metric (id),
  position INTEGER NOT NULL,
  score REAL,
  n INTEGER NOT NULL,
  mean REAL,
  sd REAL,
  last REAL,
  min REAL,
  max REAL,
  PRIMARY KEY (run, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_by_score ON summary (metric, score);

CREATE TABLE artifact (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;

-- A process that claims work. One beat moves `expires` of all that it holds.
CREATE TABLE owner (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_start INTEGER NOT NULL,
  ttl INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT;

CREATE TABLE lease (
  kind TEXT NOT NULL CHECK (kind IN ('sweep', 'run')),
  target INTEGER NOT NULL,
  owner INTEGER NOT NULL REFERENCES owner (id),
  attempt INTEGER NOT NULL,
  session INTEGER,
  PRIMARY KEY (kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_by_owner ON lease (owner);

-- What other processes ask of the one that drives a sweep.
CREATE TABLE control (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
  command TEXT NOT NULL,              -- JSON
  created INTEGER NOT NULL,
  acknowledged INTEGER,
  answer TEXT                         -- JSON
) STRICT;
CREATE INDEX control_by_sweep ON control (sweep, id) WHERE acknowledged IS NULL;

CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('change', 0);

-- Content hashes of data files, valid while size, time and inode stay.
CREATE TABLE hash_cache (
  path TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
