//! What stands below the bars: the row under the cursor in words, what makes the answer doubtful, which question it
//! answers, and what parameters do together.

use crate::compare::{Direction, ImportanceMethod, Importances, ParamImportance};
use crate::report::words;
use crate::tui::paint;
use crate::tui::theme::Role;

/// A smaller share has no direction that is worth a word.
pub(super) const CLEAR: f64 = 0.01;

/// What it is about.
#[derive(Clone, Copy)]
pub(super) struct Below<'a> {
    pub(super) found: &'a Importances,
    /// Of the parameters, as they are drawn.
    pub(super) names: &'a [String],
    /// The parameter under the cursor.
    pub(super) at: usize,
    /// Which metric.
    pub(super) metric: &'a str,
    /// True where the bars have the intervals beside them.
    pub(super) has_interval: bool,
    /// In front of the doubts of the answer.
    pub(super) doubt: Option<&'a str>,
}

impl Below<'_> {
    /// Lines of so many cells, so many at most. What is cut first: interactions, doubts, the question, the row in words.
    pub(super) fn lines(&self, width: usize, most: usize) -> Vec<(String, Role)> {
        let mut left = most;
        let mut fit = |texts: Vec<String>, role: Role| {
            let mut lines = vec![];
            for text in texts {
                let fitted = fitted(&text, width, left - lines.len());
                lines.extend(fitted.into_iter().map(|line| (line, role)));
            }
            left -= lines.len();
            lines
        };
        let row = fit(packed(self.row(), width), Role::Text);
        let question = fit(vec![question(self.found.method)], Role::Muted);
        let doubts = self.doubt.into_iter().map(str::to_string);
        let doubts = doubts.chain(self.found.doubts.iter().map(|doubt| paint::clean(doubt)));
        let doubts = fit(doubts.collect(), Role::Warn);
        let pairs = fit(self.pairs(), Role::Muted);
        [row, doubts, question, pairs].concat()
    }

    /// Parts of the row under the cursor in words.
    fn row(&self) -> Vec<String> {
        let (found, at) = (self.found, self.at);
        let Some((param, name)) = found.params.get(at).zip(self.names.get(at)) else {
            return vec![];
        };
        let active = if param.active < found.trials {
            let trials = words::plural(found.trials as u64, "trial");
            format!("{} of {trials}", words::count(param.active as u64))
        } else {
            "all trials".into()
        };
        let mut parts = vec![format!("{name}: active in {active}")];
        let interval = param.interval.filter(|_| !self.has_interval);
        parts.extend(interval.map(|(low, high)| format!("95 % {low:.2}–{high:.2}")));
        parts.extend(self.amount(param));
        match param.direction.as_ref().filter(|_| param.share >= CLEAR) {
            Some(Direction::Mixed { .. }) => parts.push("neither way is better".into()),
            Some(way) => parts.push(format!("{} is better", paint::clean(&way.word()))),
            None => {}
        }
        parts
    }

    /// What the method measures, in its unit.
    fn amount(&self, param: &ParamImportance) -> Option<String> {
        match self.found.method {
            ImportanceMethod::PedAnova => None,
            ImportanceMethod::Fanova => Some(format!("{:.2} of the variance", param.raw)),
            ImportanceMethod::Shap => {
                let moved = words::measured(self.metric, param.raw);
                Some(format!("moves {} by {moved}", paint::clean(self.metric)))
            }
        }
    }

    /// The interactions.
    fn pairs(&self) -> Vec<String> {
        let one = |pair| {
            let [a, b] = self.found.names_of(pair).map(paint::clean);
            let (low, high) = pair.raw_interval.unwrap_or((pair.raw, pair.raw));
            let interval =
                pair.raw_interval.map(|_| format!(" ({low:.2}–{high:.2})")).unwrap_or_default();
            format!("{a} × {b}: together {:.2}{interval} more", pair.raw)
        };
        self.found.pairs.iter().map(one).collect()
    }
}

/// Parts in lines of so many cells, none broken that fits into one.
fn packed(parts: Vec<String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for part in parts {
        match lines.last_mut() {
            Some(line) if paint::cells(line) + paint::cells(&part) + 3 <= width => {
                line.push_str(" · ");
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

/// Text in lines of so many cells; what is beyond the last is cut.
fn fitted(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = paint::wrap(text, width);
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.extend((most > 0).then(|| paint::cut(&rest, width)));
    }
    lines
}

fn question(method: ImportanceMethod) -> String {
    let question = match method {
        ImportanceMethod::PedAnova => "sets the best tenth apart",
        ImportanceMethod::Fanova => "share of variance",
        ImportanceMethod::Shap => "moved the trials' scores",
    };
    format!("{question} · v {}", method.next().word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{PairImportance, VarianceParts};

    fn found() -> Importances {
        let param = |name: &str, share: f64, active: usize| ParamImportance {
            id: name.into(),
            name: name.into(),
            share,
            raw: share,
            interval: Some((share - 0.1, share + 0.1)),
            raw_interval: None,
            active,
            direction: None,
        };
        Importances {
            method: ImportanceMethod::Fanova,
            params: vec![param("lr", 0.8, 60), param("gamma", 0.2, 22)],
            trials: 60,
            of: 60,
            repeats: 64,
            explained: Some(0.9),
            variance: Some(VarianceParts { alone: 0.9, pairs: 0.1 }),
            pairs: vec![PairImportance {
                ids: ["lr".into(), "gamma".into()],
                names: ["lr".into(), "gamma".into()],
                raw: 0.1,
                raw_interval: Some((0.05, 0.2)),
                is_conditional: false,
                active: 22,
            }],
            doubts: vec!["the forest explains 40 % of the variance of unseen trials".into()],
        }
    }

    #[test]
    fn what_matters_least_gives_way() {
        let (found, names) = (found(), ["lr".to_string(), "gamma".to_string()]);
        let below = Below {
            found: &found,
            names: &names,
            at: 1,
            metric: "loss",
            has_interval: false,
            doubt: None,
        };
        let check = |width, most, expect: &[&str]| {
            let lines = below.lines(width, most);
            assert_eq!(lines.iter().map(|line| line.0.as_str()).collect::<Vec<_>>(), expect);
        };
        let row = "gamma: active in 22 of 60 trials";
        let more = "95 % 0.10–0.30 · 0.20 of the variance";
        let question = "share of variance · v SHAP";
        let doubt = ["the forest explains 40 % of the", "variance of unseen trials"];
        let pair = "lr × gamma: together 0.10 (0.05–0.20)";
        check(38, 8, &[row, more, doubt[0], doubt[1], question, pair, "more"]);
        check(
            38,
            6,
            &[row, more, doubt[0], doubt[1], question, "lr × gamma: together 0.10 (0.05–0.20)…"],
        );
        check(38, 4, &[row, more, "the forest explains 40 % of the varia…", question]);
        check(38, 1, &[row]);
        check(12, 2, &["gamma:", "active in 2…"]);
        check(38, 0, &[]);
    }
}
