//! The lines above the panes: which run, in which state, where and when; and the line below them.

use super::{Log, Run, XAxis};
use crate::domain::Status;
use crate::host;
use crate::report::words;
use crate::tui::paint;
use crate::tui::screens::Shared;
use crate::tui::theme::{Role, Theme, signs};
use crate::tui::widgets::plain;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

const DAY_MS: i64 = 86_400_000;

/// Lines of the reason at most.
const MOST_LINES: usize = 3;

/// Glyph, word and colour of a state.
pub(super) fn state(
    status: Status,
    is_lost: bool,
    theme: &Theme,
) -> (&'static str, &'static str, Role) {
    let sign = if is_lost { signs::STALE } else { signs::status(status) };
    let (glyph, role) = theme.sign(sign);
    (glyph, sign.3, role)
}

impl Run {
    pub(super) fn head_height(&self, shared: &Shared) -> u16 {
        if self.record.is_none() {
            return 0;
        }
        let reason = self.reason_lines(shared.body.width, shared).len() as u16;
        1 + reason + u16::from(self.has_words())
    }

    /// Why there is no score, on as many lines as it takes up to a few.
    fn reason_lines(&self, width: u16, shared: &Shared) -> Vec<String> {
        let Some(reason) = self.reason() else { return Vec::new() };
        let reason = plain(&shared.theme, &reason).into_owned();
        let mut lines = paint::wrap(&reason, usize::from(width.saturating_sub(4)).max(8));
        if lines.len() > MOST_LINES {
            let rest = lines.split_off(MOST_LINES - 1).join(" ");
            lines.push(rest);
        }
        lines
    }

    fn has_words(&self) -> bool {
        let run = self.record.as_ref().map(|record| &record.run);
        run.is_some_and(|run| !run.tags.is_empty() || run.note.is_some())
    }

    pub(super) fn draw_head_lines(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let Some(record) = &self.record else { return };
        let (run, theme) = (&record.run, &shared.theme);
        let (glyph, word, role) = state(run.status, record.is_lost, theme);
        let text = theme.style(Role::Text);
        let (muted, bold) = (theme.style(Role::Muted), text.add_modifier(Modifier::BOLD));
        let number = format!(" {} ", run.id);
        let name = plain(theme, &run.name).into_owned();
        let champion = shared.catalog.champions.get(&run.id);
        let champion = champion.map(|model| {
            format!("  {} champion of {}", theme.glyph("★", "@"), words::clean(model))
        });
        let champion = champion.unwrap_or_default();
        let binned = if run.deleted { "  in the bin" } else { "" };
        let marked = if shared.marks.contains(&run.id) { theme.glyph("▣", "#") } else { " " };
        let words = format!(" {word}");
        let rest = format!("   {}", self.belongs(shared));
        paint::line(
            buf,
            area,
            0,
            &[
                (marked, theme.style(Role::Accent)),
                (glyph, theme.style(role)),
                (&number, bold),
                (&name, bold),
                (&words, theme.style(role)),
                (&champion, theme.style(Role::Champion)),
                (binned, theme.style(Role::Warn)),
                (&rest, muted),
            ],
        );
        let mut y = 1;
        for line in self.reason_lines(area.width, shared) {
            let glyph = if y == 1 { glyph } else { " " };
            let style = theme.style(role);
            paint::line(buf, area, y, &[(" ", text), (glyph, style), (" ", text), (&line, style)]);
            y += 1;
        }
        if self.has_words() {
            let tags = run.tags.iter().map(|(key, value)| match value.as_str() {
                "" => format!("#{}", words::clean(key)),
                value => format!("#{}={}", words::clean(key), words::clean(value)),
            });
            let tags = tags.collect::<Vec<_>>().join(" ");
            let note = run.note.as_deref().map(words::clean).unwrap_or_default();
            let gap = if tags.is_empty() || note.is_empty() { "" } else { "  " };
            let (tags, note) = (plain(theme, &tags).into_owned(), plain(theme, &note).into_owned());
            paint::line(
                buf,
                area,
                y,
                &[("   ", text), (&tags, theme.style(Role::Accent)), (gap, text), (&note, text)],
            );
        }
    }

    /// Why the run has no score.
    pub(super) fn reason(&self) -> Option<String> {
        let record = self.record.as_ref()?;
        match &record.run.reason {
            Some(reason) => Some(words::clean(&super::tail::without_codes(reason))),
            None if record.is_lost => {
                Some("its process is gone; its sweep again, or any derby run, closes it".into())
            }
            None => None,
        }
    }

    /// The sweep and the trial, how long and where it ran, when it started.
    fn belongs(&self, shared: &Shared) -> String {
        let Some(record) = &self.record else { return String::new() };
        let run = &record.run;
        let mut parts = Vec::new();
        parts.push(match (&run.sweep, run.trial) {
            (Some(sweep), Some(trial)) => {
                let replicate = match run.replicate {
                    0 => String::new(),
                    n => format!(" replicate {n}"),
                };
                let by = record.made_by.as_deref().map(words::clean);
                let by = by.map(|arm| format!(" by {arm}")).unwrap_or_default();
                format!("sweep {} #{trial}{replicate}{by}", words::clean(sweep))
            }
            _ => format!("experiment {}", words::clean(&run.experiment)),
        });
        let so_far = run.started.filter(|_| run.status == Status::Running);
        let so_far = so_far.map(|at| (shared.now_ms - at).max(0) as f64 / 1000.0);
        let took = run.seconds.or(so_far).map(|seconds| format!("{} ", words::duration(seconds)));
        parts.push(format!("{}on {}", took.unwrap_or_default(), words::clean(&run.host)));
        parts.extend(run.started.map(|at| format!("started {}", when(at, shared.now_ms))));
        plain(&shared.theme, &parts.join("   ")).into_owned()
    }

    pub(super) fn status_line(&self, shared: &Shared) -> Vec<(String, Style)> {
        let theme = &shared.theme;
        let muted = theme.style(Role::Muted);
        let Some(record) = &self.record else { return Vec::new() };
        if let Some(text) = self.search_status() {
            return vec![(text, theme.style(Role::Accent))];
        }
        if self.curves.crosshair.is_some() {
            let arrows = theme.glyph("←→", "left and right");
            let text = format!("{arrows} moves the crosshair on every chart; Esc leaves it");
            return vec![(text, muted)];
        }
        let drawn = self.curves.drawn.as_ref();
        if self.curves.axis == XAxis::Elapsed && drawn.is_some_and(|drawn| drawn.is_from_first) {
            let text =
                "values are older than the run's recorded start: time runs from the first value";
            return vec![(text.into(), muted)];
        }
        if !record.run.status.is_over() && !record.is_lost {
            let text = if record.run.status == Status::Queued {
                "waits to be started"
            } else {
                "at work: charts and log follow"
            };
            return vec![(text.into(), theme.style(Role::Live))];
        }
        Vec::new()
    }

    /// What was searched for in the log, and where one is among the hits.
    fn search_status(&self) -> Option<String> {
        let Log { search, hits, hit, .. } = &self.log;
        if search.is_empty() {
            return None;
        }
        let shown = words::clean(search);
        Some(match (hits.len(), hit) {
            (0, _) => format!("'{shown}' is in no line that was read; Esc clears"),
            (n, Some(at)) => {
                format!("'{shown}' hit {} of {n}; n the next, N the one before, Esc clears", at + 1)
            }
            (n, None) => format!("'{shown}' in {n} lines; n goes to the next"),
        })
    }
}

/// A time of today without the day.
fn when(at: i64, now: i64) -> String {
    let text = host::clock::iso(at);
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    let time: String = time.chars().take(8).collect();
    if at.div_euclid(DAY_MS) == now.div_euclid(DAY_MS) {
        format!("{time} UTC")
    } else {
        format!("{day} {time} UTC")
    }
}
