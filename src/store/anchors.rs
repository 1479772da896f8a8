//! Heads of ledgers, as this store last saw them.

use super::{Store, StoreError};
use crate::domain::Digest;
use crate::host;
use rusqlite::{OptionalExtension, params};

impl Store {
    /// The head of a model's ledger when this store last saw it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn anchor(&self, model: &str) -> Result<Option<Digest>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT head FROM anchor WHERE model = ?1";
            let head: Option<String> =
                conn.prepare_cached(sql)?.query_row([model], |row| row.get(0)).optional()?;
            Ok(head.and_then(|head| Digest::parse(&head)))
        })
    }

    /// Remembers the head of a model's ledger, on disk before this returns.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_anchor(&mut self, model: &str, head: Digest) -> Result<(), StoreError> {
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let written = self.write(|store| {
            let sql = "INSERT INTO anchor (model, head, seen) VALUES (?1, ?2, ?3)
                       ON CONFLICT (model) DO UPDATE SET head = excluded.head, seen = excluded.seen";
            store.conn.prepare_cached(sql)?.execute(params![model, head.hex(), host::now_ms()])?;
            Ok(())
        });
        self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_head_is_remembered() {
        let mut store = Store::in_memory().unwrap();
        assert_eq!(store.anchor("m").unwrap(), None);
        for text in ["a", "b"] {
            store.set_anchor("m", Digest::of(text.as_bytes())).unwrap();
        }
        assert_eq!(store.anchor("m").unwrap(), Some(Digest::of(b"b")));
        assert_eq!(store.anchor("other").unwrap(), None);
    }
}
