//! What the keys of a line mean: its step, its context, its metrics.

use super::number::Number;

/// Characters of a metric's name; a longer one is no metric.
pub(super) const MAX_NAME: usize = 200;

/// What a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `step`.
    Step,
    /// `_step`: the step where there is no `step`.
    StepAlias,
    /// `epoch`: a metric, and where there is neither of the steps and it is whole, the step too.
    Epoch,
    /// `context`: what was measured on, as a text.
    Context,
    /// `fold`: what was measured on, as a number.
    Fold,
    /// `timestamp` or `_timestamp`: the arrival counts, not this.
    Timestamp,
    /// A metric.
    Metric,
}

impl Role {
    /// The role of a key.
    pub(super) fn of(key: &str) -> Self {
        match key {
            "step" => Self::Step,
            "_step" => Self::StepAlias,
            "epoch" => Self::Epoch,
            "context" => Self::Context,
            "fold" => Self::Fold,
            "timestamp" | "_timestamp" => Self::Timestamp,
            _ => Self::Metric,
        }
    }
}

/// Where the values of a line belong: gathered field by field, in any order; the last of a kind counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Place {
    step: Option<i64>,
    alias: Option<i64>,
    epoch: Option<i64>,
    fold: Option<i64>,
    context: String,
}

impl Place {
    /// Before a line.
    pub(super) fn clear(&mut self) {
        self.step = None;
        self.alias = None;
        self.epoch = None;
        self.fold = None;
        self.context.clear();
    }

    /// Takes in a field that has a number, or none. True if it is (also) a metric. A step that is not whole
    /// counts as none; a fold or a context that is not what it should be is a metric like any other.
    pub(super) fn number(&mut self, role: Role, number: Option<Number>) -> bool {
        let whole = number.and_then(|number| number.whole);
        match role {
            Role::Step => self.step = whole,
            Role::StepAlias => self.alias = whole,
            Role::Epoch => self.epoch = whole,
            Role::Fold => self.fold = whole,
            Role::Context => self.context.clear(),
            Role::Timestamp | Role::Metric => {}
        }
        match role {
            Role::Epoch | Role::Metric | Role::Context => true,
            Role::Fold => whole.is_none(),
            Role::Step | Role::StepAlias | Role::Timestamp => false,
        }
    }

    /// Takes in the text of a context: control characters become blanks, and 200 characters count.
    pub(super) fn context(&mut self, text: &str) {
        self.context.clear();
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        self.context.extend(text.trim().chars().take(MAX_NAME).map(plain));
    }

    /// The step of the line's values; without one each metric counts its own.
    pub(super) fn step(&self) -> Option<i64> {
        self.step.or(self.alias).or(self.epoch)
    }

    /// True if the line says nothing of a context: by far the most frequent.
    pub(super) fn is_plain(&self) -> bool {
        self.fold.is_none() && self.context.is_empty()
    }

    /// Writes the context: `fold=1`, `val`, or both as `val fold=1`.
    pub(super) fn write_context(&self, into: &mut String) {
        into.clear();
        into.push_str(&self.context);
        if let Some(fold) = self.fold {
            let gap = if into.is_empty() { "" } else { " " };
            // Writing to a String does not fail.
            let _ = std::fmt::Write::write_fmt(into, format_args!("{gap}fold={fold}"));
        }
    }
}

/// A metric's name as it is recorded: trimmed. None if it is none: empty, too long, or with control characters.
pub(super) fn metric_name(key: &str) -> Option<&str> {
    let name = key.trim();
    let is_name = !name.is_empty()
        && (name.len() <= MAX_NAME || name.chars().count() <= MAX_NAME)
        && !name.chars().any(char::is_control);
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(fields: &[(&str, f64)]) -> Place {
        let mut place = Place::default();
        for (key, value) in fields {
            place.number(Role::of(key), Some((*value).into()));
        }
        place
    }

    #[test]
    fn the_step_is_the_best_of_the_candidates() {
        let check =
            |fields: &[(&str, f64)], expect| assert_eq!(place(fields).step(), expect, "{fields:?}");
        check(&[("epoch", 1.0), ("_step", 2.0), ("step", 3.0)], Some(3));
        check(&[("_step", 2.0), ("epoch", 1.0)], Some(2));
        check(&[("epoch", 1.0)], Some(1));
        check(&[("epoch", 0.5)], None);
        check(&[("step", 0.5), ("epoch", 7.0)], Some(7));
        check(&[("step", 1.0), ("step", 2.0)], Some(2));
        check(&[("loss", 1.0)], None);
    }

    #[test]
    fn the_context_is_a_text_or_a_fold() {
        let check = |place: &Place, expect: &str| {
            let mut text = "old".to_string();
            place.write_context(&mut text);
            assert_eq!(text, expect);
        };
        check(&place(&[("fold", 2.0)]), "fold=2");
        check(&place(&[("fold", 2.5)]), "");
        let mut both = place(&[("fold", 2.0)]);
        both.context(" val\tset ");
        check(&both, "val set fold=2");
        assert!(!both.is_plain() && place(&[("step", 1.0)]).is_plain());
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(metric_name(" val loss/µ "), Some("val loss/µ"));
        assert_eq!(metric_name("a\u{1b}b"), None);
        assert_eq!(metric_name("  "), None);
        assert_eq!(metric_name(&"é".repeat(200)).map(str::len), Some(400));
        assert_eq!(metric_name(&"é".repeat(201)), None);
    }
}
