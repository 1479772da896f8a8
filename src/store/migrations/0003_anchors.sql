-- The head of each model's ledger as this store last saw it. The ledger lives in the user's repository: with its
-- head kept here, one that is gone or was cut short is found, and is never taken for «no champion yet».
CREATE TABLE anchor (
  model TEXT PRIMARY KEY,
  head TEXT NOT NULL,                 -- 64 hex digits
  seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
