-- Trials that somebody outside carries out (`derby ask`). Without a mark, an open one cannot be told from one that a
-- process left unfinished when it died, which runs again: it belongs to whoever asked for it until told or given back.
ALTER TABLE trial ADD COLUMN handed INTEGER;    -- when it was handed out, milliseconds since 1970 UTC
ALTER TABLE trial ADD COLUMN handed_to TEXT;    -- user@host; null where that was not kept

-- In a sweep that nobody ever drove, whatever is open and was never started was asked for from outside.
UPDATE trial SET handed = (SELECT created FROM sweep WHERE id = trial.sweep)
  WHERE tell_seq IS NULL AND same_as IS NULL
    AND NOT EXISTS (SELECT 1 FROM sweep_session s WHERE s.sweep = trial.sweep)
    AND NOT EXISTS (SELECT 1 FROM run r WHERE r.sweep = trial.sweep AND r.trial = trial.number);
