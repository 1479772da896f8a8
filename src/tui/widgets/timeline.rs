//! Who did what when: a row for each worker, a bar for each trial.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::axes::{self, Plot};
use super::pen::Pen;
use super::scale::{Axis, Extent, Scale, Unit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// The longest name of a row that is not cut.
const LONGEST: usize = 20;
/// Cells of a bar from which on there is room for its text.
const TEXT: u16 = 4;

/// One bar.
#[derive(Debug, Clone, Copy)]
pub struct Bar<'a> {
    /// Seconds from the start of the time line.
    pub from: f64,
    /// Likewise; NaN for one that has not ended.
    pub to: f64,
    /// The color.
    pub role: Role,
    /// Written in it if there is room.
    pub text: &'a str,
    /// A sign of one cell at its head, as of what failed; may be empty.
    pub sign: &'a str,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Lane<'a> {
    /// Written at the left.
    pub label: &'a str,
    /// Later ones lie above earlier ones.
    pub bars: &'a [Bar<'a>],
}

/// Rows of bars over time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeline<'a> {
    /// All rows.
    pub lanes: &'a [Lane<'a>],
    /// The first row in view.
    pub first: usize,
    /// Seconds at the edges; none for all that there is.
    pub range: Option<(f64, f64)>,
    /// The present: bars that have not ended end here.
    pub now: f64,
    /// What stands there if there are no rows.
    pub empty: &'a str,
}

impl Timeline<'_> {
    /// Rows that there is room for.
    pub fn height(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(1))
    }

    /// Where the bars are, and which seconds the edges stand for.
    pub fn plot_area(&self, area: Rect) -> Plot {
        let mut extent = Extent::EMPTY;
        for bar in self.lanes.iter().flat_map(|lane| lane.bars) {
            extent.add(bar.from);
            extent.add(self.end(bar));
        }
        let axis = Axis { range: self.range, unit: Unit::Seconds, ..Axis::default() };
        let widest =
            self.lanes.iter().map(|lane| cells(lane.label).min(LONGEST)).max().unwrap_or(0);
        let names = (widest as u16 + 1).min(area.width / 3);
        let height = Self::height(area) as u16;
        let rect = Rect { x: area.x + names, width: area.width - names, height, ..area };
        let y = Scale::over(&Axis::default(), Extent::EMPTY, 0.0);
        Plot { rect, x: Scale::over(&axis, extent, 0.0), y }
    }

    /// The row and the bar at a cell of the screen.
    pub fn hit(&self, area: Rect, x: u16, y: u16) -> Option<(usize, usize)> {
        let plot = self.plot_area(area);
        if !plot.rect.contains((x, y).into()) {
            return None;
        }
        let lane = self.first + usize::from(y - plot.rect.y);
        let bars = self.lanes.get(lane)?.bars.iter().enumerate().rev();
        let mut at = bars.filter_map(|(at, bar)| Some((at, self.span(&plot, bar)?)));
        let column = x - plot.rect.x;
        at.find(|(_, (from, to))| (*from..=*to).contains(&column)).map(|(at, _)| (lane, at))
    }

    /// Draws names, bars and the time below.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let plot = self.plot_area(area);
        let mut pen = Pen::new(buf, area, theme);
        if self.lanes.is_empty() {
            pen.text_middle(area, area.y + area.height / 2, self.empty, pen.style(Role::Muted));
            return;
        }
        let lanes = self.lanes.iter().skip(self.first).take(usize::from(plot.rect.height));
        for (y, lane) in (area.y..).zip(lanes) {
            let room = (plot.rect.x - area.x).saturating_sub(1);
            pen.text((area.x, y), room, lane.label, pen.style(Role::Text));
            for bar in lane.bars {
                if let Some(span) = self.span(&plot, bar) {
                    draw_bar(&mut pen, (plot.rect.x, y), span, bar);
                }
            }
        }
        if area.height > 1 {
            axes::below(&mut pen, &plot, "", None);
        }
    }

    fn end(&self, bar: &Bar<'_>) -> f64 {
        if bar.to.is_nan() { self.now } else { bar.to }
    }

    /// The first and the last column of a bar; none if it is out of sight.
    fn span(&self, plot: &Plot, bar: &Bar<'_>) -> Option<(u16, u16)> {
        let last = f64::from(plot.rect.width) - 1.0;
        let column = |seconds: f64| (plot.x.share(seconds) * (last + 1.0)).floor();
        let (from, to) = (column(bar.from), column(self.end(bar)));
        let is_seen = from <= to && from <= last && to >= 0.0 && last >= 0.0;
        // The cell in which the next one starts is the next one's.
        let to = if to > from { to - 1.0 } else { to };
        is_seen.then(|| (from.max(0.0) as u16, to.clamp(0.0, last) as u16))
    }
}

/// Filled by reverse video, so that the text stands in it; half a cell is left free before the next.
fn draw_bar(pen: &mut Pen<'_>, at: (u16, u16), span: (u16, u16), bar: &Bar<'_>) {
    let (from, to) = (at.0 + span.0, at.0 + span.1);
    let width = to.saturating_sub(from) + 1;
    let style = pen.style(bar.role);
    if pen.theme.ascii {
        pen.fill((from, at.1), width, "=", style);
        pen.cell(from, at.1, "[", style);
        pen.cell(to, at.1, if width > 1 { "]" } else { "|" }, style);
        if !bar.sign.is_empty() {
            pen.cell(from, at.1, bar.sign, style);
        }
        if width > TEXT {
            pen.text((from + 1, at.1), width - 2, bar.text, style);
        }
        return;
    }
    let filled = style.add_modifier(Modifier::REVERSED);
    pen.fill((from, at.1), width - 1, " ", filled);
    pen.cell(to, at.1, "▌", style);
    let signed = u16::from(!bar.sign.is_empty());
    if signed > 0 {
        pen.cell(from, at.1, bar.sign, if width > 1 { filled } else { style });
    }
    if width > TEXT + signed {
        pen.text((from + signed, at.1), width - 1 - signed, bar.text, filled);
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn workers_over_time() {
        let sign = |role| if role == Role::Bad { "x" } else { "" };
        let bar = |from, to, role, text| Bar { from, to, role, text, sign: sign(role) };
        let first = [
            bar(0.0, 95.0, Role::Good, "4801"),
            bar(95.0, 180.0, Role::Bad, "4809"),
            bar(180.0, f64::NAN, Role::Live, "4813"),
        ];
        let second = [bar(5.0, 11.0, Role::Warn, "4808"), bar(11.0, 230.0, Role::Good, "4807")];
        let lanes = [
            Lane { label: "node03", bars: &first },
            Lane { label: "node07", bars: &second },
            Lane { label: "node11", bars: &[] },
        ];
        let timeline = Timeline { lanes: &lanes, now: 300.0, ..Timeline::default() };
        assert_snapshot!(shown(60, 4, |buf, area| timeline.draw(buf, area, &ascii())), @"
        node03 [4801==========]x4809=========][4813================]
        node07 |[4807=================================]
        node11
               0---------1m---------2m--------3m---------4m---------
        ");
        assert_snapshot!(shown(60, 4, |buf, area| timeline.draw(buf, area, &Theme::default())), @"
        node03 4801           ▌x4809         ▌4813                 ▌
        node07 ▌4807                                  ▌
        node11
               0─────────1m─────────2m────────3m─────────4m─────────
        ");
        let area = Rect::new(0, 0, 60, 4);
        assert_eq!(timeline.hit(area, 8, 0), Some((0, 0)));
        assert_eq!(timeline.hit(area, 59, 0), Some((0, 2)));
        assert_eq!((timeline.hit(area, 59, 1), timeline.hit(area, 3, 0)), (None, None));
    }
}
