//! Forms: fields with their hints, and what is wrong with one.

use super::super::app::App;
use super::super::layout;
use super::super::overlay::{Form, FormField};
use super::super::paint;
use super::super::theme::{Role, Theme};
use super::dialogs::boxed;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Cells of the box.
const WIDTH: u16 = 88;
/// Cells that a value has at least.
const VALUE: usize = 24;

/// Cells for labels, and for a value with its hint.
struct Columns {
    label: usize,
    rest: usize,
}

/// Draws the form; gives where the cursor stands.
pub(super) fn draw(app: &App, form: &Form, buf: &mut Buffer, body: Rect) -> Option<(u16, u16)> {
    let theme = &app.shared.theme;
    let width = usize::from(body.width.min(WIDTH).saturating_sub(2));
    let labels = form.fields.iter().map(|field| paint::cells(&field.label));
    let label = labels.max().unwrap_or(0).min(28);
    let columns = Columns { label, rest: width.saturating_sub(label + 3) };
    let below = below(form, (&columns, theme), width.saturating_sub(2));
    // The box is as high for every field, that it does not jump while one goes through them.
    let hints =
        (0..form.fields.len()).map(|row| hint_lines(form, row, (&columns, theme), width - 2).len());
    let n_below = hints.max().unwrap_or(0).max(below.len()).max(1);
    let height = (form.fields.len() + n_below + 3) as u16;
    let inner = boxed(app, buf, body, (WIDTH, height), &form.title, "Enter sends  Esc cancels");
    let rows = usize::from(inner.height).saturating_sub(below.len() + 1).max(1);
    let first = layout::scroll(0, form.row, rows, form.fields.len());
    let mut cursor = None;
    for (at, field) in form.fields.iter().enumerate().skip(first).take(rows) {
        let y = (at - first) as u16;
        let is_here = at == form.row;
        let is_wrong = form.problem.as_ref().is_some_and(|(row, _)| *row == at);
        let line = Rect { y: inner.y + y, height: 1, ..inner };
        let x = draw_field(field, (is_here, is_wrong), (buf, line), (&columns, theme));
        if is_here && field.choices.is_empty() {
            cursor = Some((x.min(inner.right().saturating_sub(1)), inner.y + y));
        }
    }
    let top = inner.height.saturating_sub(below.len() as u16);
    for (y, (text, role)) in below.iter().enumerate() {
        let style = theme.style(*role);
        paint::line(buf, inner, top + y as u16, &[(" ", style), (text, style)]);
    }
    cursor
}

/// Draws a field; gives the column of the cursor in it.
fn draw_field(
    field: &FormField,
    (is_here, is_wrong): (bool, bool),
    (buf, line): (&mut Buffer, Rect),
    (columns, theme): (&Columns, &Theme),
) -> u16 {
    let label = paint::left(&paint::clean(&field.label), columns.label);
    let value = paint::left(&shown(field, theme), value_room(field, (columns, theme)));
    let style = theme.style(if is_wrong { Role::Bad } else { Role::Text });
    let value_style = if is_here { style.add_modifier(Modifier::UNDERLINED) } else { style };
    let spans = [
        (" ", style),
        (label.as_str(), theme.style(if is_here { Role::Focus } else { Role::Muted })),
        ("  ", style),
        (value.as_str(), value_style),
        ("  ", style),
        (field.hint.as_str(), theme.style(Role::Muted)),
    ];
    paint::line(buf, line, 0, &spans);
    line.x + (columns.label + 3 + paint::cells(&field.line.before_cursor())) as u16
}

/// A value; one of given values stands between arrows.
fn shown(field: &FormField, theme: &Theme) -> String {
    let text = field.line.text();
    match (field.choices.is_empty(), theme.ascii) {
        (true, _) => text.into(),
        (false, true) => format!("< {text} >"),
        (false, false) => format!("‹ {text} ›"),
    }
}

fn value_room(field: &FormField, (columns, theme): (&Columns, &Theme)) -> usize {
    paint::cells(&shown(field, theme)).max(VALUE).min(columns.rest)
}

/// The hint of a field, if there is no room for all of it beside the value.
fn hint_lines(form: &Form, row: usize, of: (&Columns, &Theme), width: usize) -> Vec<String> {
    let Some(field) = form.fields.get(row) else { return Vec::new() };
    let used = value_room(field, of) + 2;
    if used + paint::cells(&field.hint) <= of.0.rest {
        return Vec::new();
    }
    paint::fold(&field.hint, width.max(10))
}

/// True if the text says which field it is about.
fn is_named(text: &str, label: &str) -> bool {
    text.starts_with(label) || text.contains(&format!("'{label}'"))
}

/// What is wrong, else the hint of the field with the cursor.
fn below(form: &Form, of: (&Columns, &Theme), width: usize) -> Vec<(String, Role)> {
    if let Some((row, text)) = &form.problem {
        let text = paint::clean(text);
        let label = form.fields.get(*row).map(|field| paint::clean(&field.label));
        let named = match label.filter(|label| !is_named(&text, label)) {
            Some(label) => format!("{label}: {text}"),
            None => text,
        };
        return paint::fold(&named, width.max(10))
            .into_iter()
            .map(|line| (line, Role::Bad))
            .collect();
    }
    let hint = hint_lines(form, form.row, of, width);
    hint.into_iter().map(|line| (line, Role::Muted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_field_and_is_broken_into_lines() {
        let text = "give every parameter a value of its range";
        let fields = vec![FormField::text("jobs", "1", "trials at a time")];
        let form = Form { problem: Some((0, text.into())), ..Form::new("test", "Test", fields) };
        let columns = Columns { label: 4, rest: 60 };
        let lines = below(&form, (&columns, &Theme::default()), 26);
        let lines: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(lines, ["jobs: give every parameter", "a value of its range"]);
    }

    #[test]
    fn a_field_of_given_values_looks_like_one() {
        let field = FormField::choice("mode", "b", vec!["a".into(), "b".into()]);
        assert_eq!(shown(&field, &Theme::default()), "‹ b ›");
    }

    #[test]
    fn a_hint_without_room_goes_below() {
        let fields = vec![FormField::text("x", "1", "a hint that is longer than its place")];
        let form = Form::new("test", "Test", fields);
        let theme = Theme::default();
        let lines = |rest| hint_lines(&form, 0, (&Columns { label: 1, rest }, &theme), 40).len();
        assert_eq!((lines(70), lines(40)), (0, 1));
    }
}
