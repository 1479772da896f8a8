//! The attributes that every run has, and the kind of each.

/// A property of every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below names each")]
pub enum Attribute {
    Id,
    Uuid,
    Name,
    Experiment,
    Sweep,
    Trial,
    Attempt,
    Status,
    Reason,
    Note,
    Data,
    Schema,
    Rows,
    Split,
    Seed,
    Commit,
    Branch,
    Dirty,
    Cached,
    Version,
    User,
    Host,
    Started,
    Ended,
    Seconds,
    CpuSeconds,
    Replicate,
    ExitCode,
    ExitSignal,
}

/// What an attribute is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number of seconds; `5m` is read too.
    Seconds,
    /// A text.
    Text,
    /// A long text, of which `key:` asks a part.
    Prose,
    /// One of the statuses.
    Status,
    /// Hexadecimal digits, of which the first ones suffice.
    Hash,
    /// A date, or a time ago.
    Time,
    /// True or false.
    Flag,
}

/// Word, attribute, kind, and the SQL of its value among the tables of [`super::sql::RUNS`].
const TABLE: &[(&str, Attribute, Kind, &str)] = &[
    ("id", Attribute::Id, Kind::Number, "r.id"),
    ("uuid", Attribute::Uuid, Kind::Hash, "r.uuid"),
    ("name", Attribute::Name, Kind::Text, "r.name"),
    ("experiment", Attribute::Experiment, Kind::Text, "e.name"),
    ("sweep", Attribute::Sweep, Kind::Text, "s.name"),
    ("trial", Attribute::Trial, Kind::Number, "r.trial"),
    ("attempt", Attribute::Attempt, Kind::Number, "r.attempt"),
    ("status", Attribute::Status, Kind::Status, "r.status"),
    ("reason", Attribute::Reason, Kind::Prose, "r.reason"),
    ("note", Attribute::Note, Kind::Prose, "n.text"),
    ("data", Attribute::Data, Kind::Hash, "d.digest"),
    ("schema", Attribute::Schema, Kind::Hash, "nullif(d.schema_digest, '')"),
    ("rows", Attribute::Rows, Kind::Number, "d.rows"),
    ("split", Attribute::Split, Kind::Hash, "i.split"),
    ("seed", Attribute::Seed, Kind::Number, "r.seed"),
    ("commit", Attribute::Commit, Kind::Hash, "c.git_commit"),
    ("branch", Attribute::Branch, Kind::Text, "c.git_branch"),
    ("dirty", Attribute::Dirty, Kind::Flag, "c.git_dirty"),
    ("cached", Attribute::Cached, Kind::Flag, "(r.cached_from IS NOT NULL)"),
    ("version", Attribute::Version, Kind::Text, "c.version"),
    ("user", Attribute::User, Kind::Text, "c.user"),
    ("host", Attribute::Host, Kind::Text, "c.host"),
    ("started", Attribute::Started, Kind::Time, "r.started"),
    ("ended", Attribute::Ended, Kind::Time, "r.ended"),
    ("seconds", Attribute::Seconds, Kind::Seconds, "r.seconds"),
    ("cpu_seconds", Attribute::CpuSeconds, Kind::Seconds, "r.cpu_seconds"),
    ("replicate", Attribute::Replicate, Kind::Number, "r.replicate"),
    ("exit_code", Attribute::ExitCode, Kind::Number, "r.exit_code"),
    ("exit_signal", Attribute::ExitSignal, Kind::Number, "r.exit_signal"),
];

impl Attribute {
    /// Every word.
    pub fn words() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.0)
    }

    /// The attribute of that word.
    pub fn parse(word: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == word).map(|row| row.1)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// Its kind.
    pub fn kind(self) -> Kind {
        self.row().2
    }

    pub(in crate::store) fn sql(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static (&'static str, Self, Kind, &'static str) {
        TABLE
            .iter()
            .find(|row| row.1 == self)
            .expect("every attribute has its row, which a test checks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_has_a_row_in_order() {
        assert!(TABLE.iter().enumerate().all(|(at, row)| row.1 as usize == at));
        assert_eq!(TABLE.len(), Attribute::ExitSignal as usize + 1);
    }
}
