//! Why an event cannot follow the events before it.

use super::{NameError, State};

/// Why an event is refused: what it names, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The first event is something else.
    #[error("the ledger does not begin with 'begin': its first lines are missing")]
    NoBeginning,
    /// A second genesis.
    #[error("a second beginning: two ledgers of '{0}' were joined; keep one of them whole")]
    SecondBeginning(String),
    /// Another model's ledger.
    #[error("it is the ledger of '{found}', not of '{asked}'; a ledger cannot be renamed")]
    OtherModel {
        /// The model that it belongs to.
        found: String,
        /// The model that was asked for.
        asked: String,
    },
    /// Written by a newer derby.
    #[error("its layout is {0}, newer than this derby knows; update derby")]
    NewerFormat(u32),
    /// The same bundle twice.
    #[error("bundle {bundle} is version {version} already")]
    KnownBundle {
        /// The bundle's digest, shortened.
        bundle: String,
        /// Its version.
        version: u64,
    },
    /// A gap in the numbers of versions.
    #[error("version {found} cannot follow; the next one is {expected}")]
    VersionNumber {
        /// The number.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// A digest that is none.
    #[error("'{value}' in '{field}' is no digest of 64 hex digits")]
    NoDigest {
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
    },
    /// There is no such version.
    #[error("'{model}' has no version {version}; it has {}", versions(*.last))]
    NoVersion {
        /// The model.
        model: String,
        /// The version.
        version: u64,
        /// The newest version, 0 without any.
        last: u64,
    },
    /// There is no such alias.
    #[error("'{model}' has no alias '{alias}'; it has {known}")]
    NoAlias {
        /// The model.
        model: String,
        /// The alias.
        alias: String,
        /// Its aliases.
        known: String,
    },
    /// An alias or a state is not where the event says that it was.
    #[error("{what} was {found} and not {said}, as the event says")]
    NotFrom {
        /// The alias or the version.
        what: String,
        /// Where it is.
        found: String,
        /// Where the event says that it is.
        said: String,
    },
    /// The state machine has no such arrow.
    #[error("version {version} is {from} and cannot become {to}; {mend}")]
    Transition {
        /// The version.
        version: u64,
        /// Its state.
        from: State,
        /// The state asked for.
        to: State,
        /// What can be done.
        mend: &'static str,
    },
    /// The version in use cannot be turned down.
    #[error(
        "version {0} is the champion and cannot become {1}; promote another version or roll back first"
    )]
    IsChampion(u64, State),
    /// A promotion without a verdict.
    #[error("a promotion needs a verdict of the gate, and {0}; run `derby gate` first")]
    NoVerdict(String),
    /// The champion has changed since the verdict.
    #[error(
        "the verdict of entry {gate} was given against {judged}, and the champion is {now}; run `derby gate` again"
    )]
    OtherChampion {
        /// The entry.
        gate: u64,
        /// What the challenger was compared with.
        judged: String,
        /// The champion.
        now: String,
    },
    /// Aliases that only some moves may touch.
    #[error("the alias 'champion' is moved by promote and rollback only, and they move no other")]
    ChampionAlias,
    /// A rollback needs somewhere to go.
    #[error(
        "'{0}' has no champion before this one to go back to; to have none: `derby champion alias {0}@champion --remove --why …`"
    )]
    NoHistory(String),
    /// It never was champion.
    #[error("version {0} has not been champion before the present one; {1}")]
    NeverChampion(u64, String),
    /// It is taken out of use.
    #[error(
        "version {version} is {state}, so that there is no going back to it; name another version with --to, or reopen it and let the gate judge it again"
    )]
    OutOfUse {
        /// The version.
        version: u64,
        /// Its state.
        state: State,
    },
    /// The move would change nothing.
    #[error("the alias '{alias}' is at version {version} already")]
    AlreadyThere {
        /// The alias.
        alias: String,
        /// The version.
        version: u64,
    },
    /// A use of the holdout that was counted wrongly.
    #[error(
        "the verdict is of use {found} in period {found_epoch}, and the next one is use {expected} in period {epoch}; another use came first, so judge again"
    )]
    UseNumber {
        /// The use that it was judged as.
        found: u64,
        /// The period that it was judged in.
        found_epoch: u64,
        /// The use that comes next.
        expected: u64,
        /// The present period.
        epoch: u64,
    },
    /// The question has its answer.
    #[error("this question was answered in entry {0}; the recorded verdict stands")]
    Answered(u64),
    /// A digest that does not belong to what stands beside it.
    #[error("'{0}' does not belong to the rest of the event")]
    WrongDigest(&'static str),
    /// A gap in the periods.
    #[error("period {found} cannot follow; the next one is {expected}")]
    Epoch {
        /// The period.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// Nothing to put aside.
    #[error("no row of the holdout was used in period {0}: there is nothing to put aside")]
    NothingUsed(u64),
    /// A reason is required.
    #[error("say why: --why \"…\"")]
    NoReason,
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
}

fn versions(last: u64) -> String {
    match last {
        0 => "none yet".into(),
        1 => "version 1 only".into(),
        last => format!("versions 1 to {last}"),
    }
}
