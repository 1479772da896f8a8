//! What holds for every widget: any size, any data, only ASCII or no color where that is asked for, nothing outside.

use super::*;
use crate::tui::theme::{Depth, Role, Theme};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;

const FOREIGN: [&str; 7] = [
    "penguins",
    "ペンギン\u{1b}[31m",
    "e\u{301}e\u{301}",
    "\u{202e}gnp.exe\u{202c} שלום",
    "👩‍👩‍👧‍👦 family",
    "a\tb\r\nc\0",
    "",
];
const ODD: [f64; 9] =
    [0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e308, -1e308, 1e-320];

type Draw = fn(&mut Buffer, Rect, &Theme);

fn table(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let col = |at: usize| Col {
        title: FOREIGN[at],
        width: at as u16 * 3,
        right: at.is_multiple_of(2),
        frozen: at == 1,
        priority: at as u8,
        grow: at == 2,
    };
    let columns: Vec<Col<'_>> = (0..FOREIGN.len()).map(col).collect();
    let row = |n: usize| FOREIGN[n..].iter().map(|text| CellText::new(*text, Role::Good)).collect();
    let rows: Vec<Vec<CellText>> = (0..FOREIGN.len()).map(row).collect();
    for first_column in [None, Some(3), Some(99)] {
        let grid = Grid {
            columns: &columns,
            rows: &rows,
            first_row: 3,
            total: 99,
            selected: Some(4),
            selected_column: Some(2),
            first_column,
            sort: Some((2, true)),
            focused: true,
            empty: FOREIGN[1],
        };
        grid.draw(buf, area, theme);
        grid.first_column_for(area, 6);
        grid.hit(area, area.x, area.y);
        grid.hit(area, area.right().saturating_sub(1), area.bottom().saturating_sub(1));
    }
}

fn framed(buf: &mut Buffer, area: Rect, theme: &Theme) {
    for (title, focused) in FOREIGN.iter().flat_map(|title| [(title, true), (title, false)]) {
        Frame { title, note: FOREIGN[1], focused }.draw(buf, area, theme);
    }
}

fn curves(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let points: Vec<_> = (0..90).map(|at| (f64::from(at), ODD[at as usize % 9])).collect();
    let tame: Vec<_> = (0..90).map(|at| (f64::from(at), f64::from(at * at % 13))).collect();
    let marks: Vec<_> = points.iter().map(|&(x, y)| Mark { x, y, role: Role::Champion }).collect();
    let band: Vec<_> = tame.iter().map(|&(x, y)| (x, y, y + 2.0)).collect();
    let curve = |points, label, dashed| Curve { points, role: Role::Series(1), label, dashed };
    let series = [curve(&points, FOREIGN[1], true), curve(&tame, FOREIGN[2], false)];
    let guides = ODD.map(|at| Guide { at, role: Role::Warn, label: FOREIGN[1] });
    for (log, unit) in [(false, Unit::Whole), (true, Unit::Number), (false, Unit::Seconds)] {
        let x = Axis { unit, ..Axis::named(FOREIGN[1]) };
        let chart = Chart {
            series: &series,
            x,
            y: Axis { log, ..Axis::named(FOREIGN[3]) },
            crosshair: (unit != Unit::Seconds).then_some(44.0),
            guides: &guides[4..6],
            marks: &marks,
            bands: &[Band { points: &band, role: Role::Muted }],
            empty: FOREIGN[1],
        };
        chart.draw(buf, area, theme);
        plot_area(area, &Chart { guides: &guides, ..chart }).x_at(area.x);
        Chart { series: &series[1..], marks: &[], ..chart }.draw(buf, area, theme);
        Chart { x, empty: FOREIGN[1], ..Chart::default() }.draw(buf, area, theme);
    }
}

fn points(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let marks = |n: usize| -> Vec<Dot> {
        let role = |at| if at % 9 == 0 { Role::Champion } else { Role::Series(at) };
        let x = |at: usize| at as f64 * 1.7 % 3.0;
        let dot = |at| Dot { x: x(at), y: ODD[at % 9], role: role(at), shape: Shape::nth(at) };
        (0..n).map(dot).collect()
    };
    let words = FOREIGN.map(String::from);
    for n in [0, 9, 900] {
        let marks = marks(n);
        let line = steps(&[(0.0, 0.1), (1.0, 0.9)]);
        let x = Axis { words: &words, ..Axis::named(FOREIGN[4]) };
        let plot =
            Scatter { points: &marks, line: &line, selected: Some(0), x, ..Scatter::default() };
        plot.draw(buf, area, theme);
        Scatter { many: Some(Shape::Ring), ..plot }.draw(buf, area, theme);
        plot.hit(area, area.x, area.y);
        let values: Vec<f64> = (0..n).map(|at| (at as f64).sin()).collect();
        for values in [&values[..], &ODD[..]] {
            let heat =
                Heat { values, columns: 4, x, y: x, points: &marks, name: FOREIGN[1], role: None };
            heat.draw(buf, area, theme);
        }
    }
}

fn lists(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let interval = |at: usize| Interval {
        label: FOREIGN[at % 7],
        at: ODD[at],
        low: ODD[(at + 1) % 9],
        high: ODD[(at + 2) % 9],
        role: Role::Good,
        note: FOREIGN[(at + 1) % 7],
    };
    let rows: Vec<_> = (0..9).map(interval).collect();
    Intervals { rows: &rows, line: Some((0.0, FOREIGN[1])), selected: Some(1) }
        .draw(buf, area, theme);
    Intervals { rows: &rows[..1], line: None, selected: None }.draw(buf, area, theme);
    Intervals::default().draw(buf, area, theme);
    let bar = |at| Bar { from: at, to: at + 60.0, role: Role::Live, text: FOREIGN[1], sign: "x" };
    let bars = ODD.map(bar);
    let lanes = FOREIGN.map(|label| Lane { label, bars: &bars });
    let timeline = Timeline { lanes: &lanes, first: 1, now: 500.0, ..Timeline::default() };
    timeline.draw(buf, area, theme);
    Timeline { range: Some((0.0, 300.0)), ..timeline }.draw(buf, area, theme);
    timeline.hit(area, area.x, area.y);
    let fact = |text: &str, n| Fact {
        values: vec![CellText::new(text, Role::Bad); n],
        ..Fact::new(text, text)
    };
    for n in [1, 3] {
        let rows: Vec<_> = FOREIGN.iter().map(|text| fact(text, n)).collect();
        Facts { rows: &rows, first: 1, selected: Some(2), ..Facts::default() }
            .draw(buf, area, theme);
        let titles = &FOREIGN[..n];
        Facts { rows: &rows, titles, first: 99, ..Facts::default() }.draw(buf, area, theme);
    }
    let hints =
        FOREIGN.map(|word| Hint { key: "Enter", word, priority: 1, enabled: word.len() > 3 });
    draw_hints(buf, area, theme, &hints);
    Progress { done: u64::from(u32::MAX), failed: 3, running: 1, pruned: 9, total: 7 }
        .draw(buf, area, theme);
    let lines = FOREIGN.map(|text| TextLine { text, role: Role::Text });
    for (wrap, left) in [(true, 0), (false, 0), (false, 3)] {
        let text = Text { lines: &lines, first: 1, left, search: "E", wrap, ..Text::default() };
        text.draw(buf, area, theme);
        text.last_first(area, theme);
    }
}

fn coordinates(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let words = FOREIGN.map(String::from);
    let axis = |at: usize| Coordinate {
        axis: Axis {
            log: at == 1,
            words: &words[..if at == 2 { 7 } else { 0 }],
            ..Axis::named(FOREIGN[at % 7])
        },
        brush: at.is_multiple_of(3).then_some((ODD[at % 9], 1.0)),
        flipped: at.is_multiple_of(2),
    };
    let axes: Vec<_> = (0..12).map(axis).collect();
    let values: Vec<Vec<f64>> =
        (0..9).map(|n| (0..12).map(|at| ODD[(n + at) % 9]).collect()).collect();
    let trial = |values| Trial { values, role: Role::Series(3), strong: true };
    let trials: Vec<_> = values.iter().map(|values| trial(&values[..])).collect();
    for (first, trials) in [(0, &trials[..]), (11, &trials[..]), (99, &[]), (0, &[])] {
        let plot = Coordinates { axes: &axes, first, trials, selected: Some(first) };
        plot.draw(buf, area, theme);
        plot.axis_at(area, area.x);
        plot.value_at(area, 0, area.y);
    }
}

const ALL: [Draw; 6] = [table, framed, curves, points, lists, coordinates];

/// Draws everything into a part of a buffer and gives the buffer.
fn drawn(draw: Draw, size: (u16, u16), area: Rect, theme: &Theme) -> Buffer {
    let mut buf = Buffer::filled(Rect::new(0, 0, size.0, size.1), Cell::new("X"));
    draw(&mut buf, area, theme);
    buf
}

#[test]
fn any_size_and_nothing_outside() {
    let theme = Theme::default();
    let sizes = (0..=13).flat_map(|width| (0..=9).map(move |height| (width, height)));
    for (width, height) in sizes.chain([(30, 8), (64, 3), (80, 24), (3, 40), (100, 1)]) {
        let area = Rect::new(2, 1, width, height);
        for draw in ALL {
            let buf = drawn(draw, (width + 4, height + 2), area, &theme);
            let outside = buf.area.positions().filter(|at| !area.contains(*at));
            for at in outside {
                assert_eq!(buf[at].symbol(), "X", "{width}×{height} at {at}");
            }
            // As after a window has shrunk under the layout.
            drawn(draw, (width / 2, height / 2), area, &theme);
        }
    }
}

#[test]
fn ascii_is_ascii() {
    let theme = Theme::load("dark", true, Depth::Ansi).unwrap();
    for (width, height) in [(24, 6), (46, 12), (90, 30)] {
        for (at, draw) in ALL.iter().enumerate() {
            let buf = drawn(*draw, (width, height), Rect::new(0, 0, width, height), &theme);
            let text = super::show::text(&buf);
            assert!(text.is_ascii(), "{at}: {text}");
        }
    }
    let words = [spark(&ODD, 20, &theme), bar(0.3, 20, &theme)];
    assert!(words.iter().all(|word| word.is_ascii()));
}

#[test]
fn colors_come_from_the_theme() {
    let theme = Theme::load("mono", false, Depth::True).unwrap();
    let area = Rect::new(0, 0, 80, 24);
    for draw in ALL {
        let buf = drawn(draw, (80, 24), area, &theme);
        assert!(
            buf.content().iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset))
        );
        let is_harmless = |cell: &Cell| !cell.symbol().contains(char::is_control);
        assert!(buf.content().iter().all(is_harmless));
    }
}
