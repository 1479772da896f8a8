//! Dialogs over the screen.

use super::super::app::App;
use super::super::layout::{self, Window};
use super::super::overlay::{Choose, Confirm, Overlay, Page, Prompt};
use super::super::paint;
use super::super::palette;
use super::super::theme::Role;
use super::super::widgets::{Frame, scrollbar};
use super::{form, help};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

/// Draws the dialog that is open; gives where the cursor stands.
pub(super) fn draw(app: &App, buf: &mut Buffer, window: &Window) -> Option<(u16, u16)> {
    match app.overlay.as_ref()? {
        Overlay::Help { search, scroll } => {
            Some(help::draw(app, buf, window.body, (search.text(), *scroll)))
        }
        Overlay::Palette { line, row } => Some(commands(app, buf, window.body, line.text(), *row)),
        Overlay::Prompt(prompt) => {
            completions(app, prompt, buf, window);
            None
        }
        Overlay::Confirm(confirm) => question(app, confirm, buf, window.body),
        Overlay::Form(fields) => form::draw(app, fields, buf, window.body),
        Overlay::Choose(choose) => Some(choice(app, choose, buf, window.body)),
        Overlay::Page(page) => {
            text(app, page, buf, window.body);
            None
        }
    }
}

/// Cells of a prompt that stay free to type in beside what is said of it.
const TYPED: usize = 12;

/// Clears a box in the middle and frames it. One that leaves but a row or two beside it takes those too: the edges of what
/// lies below would look like its own.
pub(super) fn boxed(
    app: &App,
    buf: &mut Buffer,
    body: Rect,
    size: (u16, u16),
    title: &str,
    note: &str,
) -> Rect {
    let whole = |wanted: u16, all: u16, rest: u16| if wanted + rest > all { all } else { wanted };
    let size = (whole(size.0, body.width, 4), whole(size.1, body.height, 3));
    let area = layout::middle(body, size.0, size.1);
    Clear.render(area, buf);
    Frame { title, note, focused: true }.draw(buf, area, &app.shared.theme)
}

/// A line that is typed at row `y`; gives the cursor behind it.
pub(super) fn typed(
    app: &App,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    label: &str,
    text: &str,
) -> (u16, u16) {
    let theme = &app.shared.theme;
    let spans = [
        (" ", theme.style(Role::Text)),
        (label, theme.style(Role::Accent)),
        (text, theme.style(Role::Text)),
    ];
    paint::line(buf, area, y, &spans);
    let x = area.x + 1 + (paint::cells(label) + paint::cells(text)) as u16;
    (x.min(area.right().saturating_sub(1)), area.y + y)
}

/// Says that nothing fits what is typed.
fn nothing(app: &App, buf: &mut Buffer, inner: Rect, (is_empty, typed): (bool, &str)) {
    if is_empty {
        let text = match typed {
            "" => " there is nothing to choose from".to_string(),
            typed => format!(" nothing matches '{}'; Esc leaves", paint::clean(typed)),
        };
        paint::line(buf, inner, 2, &[(&text, app.shared.theme.style(Role::Muted))]);
    }
}

fn commands(app: &App, buf: &mut Buffer, body: Rect, text: &str, row: usize) -> (u16, u16) {
    let theme = &app.shared.theme;
    let entries = palette::fitting(app, text);
    let note = crate::report::words::plural(entries.len() as u64, "command");
    let inner = boxed(app, buf, body, (88, 20), "Commands", &note);
    let cursor = typed(app, buf, inner, 0, ":", text);
    nothing(app, buf, inner, (entries.is_empty(), text));
    let height = usize::from(inner.height.saturating_sub(1));
    let first = layout::scroll(0, row, height, entries.len());
    for (y, entry) in entries.iter().enumerate().skip(first).take(height) {
        let at = (y - first + 1) as u16;
        let about =
            entry.why_not.map_or_else(|| entry.about.clone(), |why| format!("not now: {why}"));
        let style = theme.style(if entry.why_not.is_some() { Role::Muted } else { Role::Text });
        let command = paint::left(&entry.command, 22);
        let keys = paint::left(&entry.keys, 10);
        let accent = theme.style(Role::Accent);
        paint::line(
            buf,
            inner,
            at,
            &[(" ", style), (&command, style), (&keys, accent), (&about, theme.style(Role::Muted))],
        );
        if y == row {
            paint::tint(buf, inner, at, theme.selected(true));
        }
    }
    cursor
}

/// The prompt, in the place of the status line.
pub(super) fn prompt(app: &App, prompt: &Prompt, buf: &mut Buffer, area: Rect) -> (u16, u16) {
    let theme = &app.shared.theme;
    // What is wrong stands above the prompt, with all the width that it needs.
    let status = if prompt.is_wrong { String::new() } else { paint::clean(&prompt.status) };
    let label = format!(" {} ", prompt.label);
    // What it is about stays, with room to type; what is said of it gives way.
    let room = usize::from(area.width).saturating_sub(paint::cells(&label) + 1);
    let status = if paint::cells(&status) + TYPED <= room { status } else { String::new() };
    let status = if status.is_empty() { status } else { format!("{status} ") };
    let width = area.width.saturating_sub(paint::cells(&status) as u16 + 1);
    let left = Rect { width, ..area };
    // A line longer than its place shows its end, where the cursor is.
    let room = usize::from(width).saturating_sub(paint::cells(&label) + 1).max(1);
    let before = prompt.line.before_cursor();
    let skip = paint::cells(&before).saturating_sub(room);
    let shown: String = drop_cells(prompt.line.text(), skip);
    let spans =
        [(label.as_str(), theme.style(Role::Accent)), (shown.as_str(), theme.style(Role::Text))];
    paint::line(buf, left, 0, &spans);
    paint::line_right(buf, area, 0, &status, theme.style(Role::Muted));
    let x = paint::cells(&label) + paint::cells(&before) - skip;
    (area.x + (x as u16).min(area.width.saturating_sub(1)), area.y)
}

fn drop_cells(text: &str, mut n: usize) -> String {
    let mut rest = text.chars();
    while n > 0 {
        let Some(c) = rest.next() else { break };
        n = n.saturating_sub(paint::cells(c.encode_utf8(&mut [0; 4])).max(1));
    }
    rest.collect()
}

/// What is wrong with what is typed, in the lines above the prompt; gives how many.
fn mistake(app: &App, prompt: &Prompt, buf: &mut Buffer, window: &Window) -> u16 {
    if !prompt.is_wrong || prompt.status.is_empty() {
        return 0;
    }
    let theme = &app.shared.theme;
    let room = usize::from(window.status.width.saturating_sub(4)).max(10);
    let mut lines = paint::wrap(&paint::clean(&prompt.status), room);
    lines.truncate(MISTAKE_LINES);
    let height = (lines.len() as u16).min(window.status.y);
    let y = window.status.y - height;
    let area = Rect { y, height, ..window.status };
    Clear.render(area, buf);
    let style = theme.style(Role::Bad);
    for (y, line) in lines.iter().enumerate() {
        let sign = if y == 0 { " ! " } else { "   " };
        paint::line(buf, area, y as u16, &[(sign, style), (line, style)]);
    }
    height
}

/// Lines that a mistake may take.
const MISTAKE_LINES: usize = 3;

/// Completions in a box of their own, above the prompt.
fn completions(app: &App, prompt: &Prompt, buf: &mut Buffer, window: &Window) {
    let theme = &app.shared.theme;
    let above = mistake(app, prompt, buf, window);
    // Inside the frame of what lies below.
    let bottom = window.status.y.saturating_sub(above.max(1));
    let n = prompt.completions.len().min(8).min(usize::from(bottom.saturating_sub(3)));
    if n == 0 {
        return;
    }
    let first = layout::scroll(0, prompt.taken.unwrap_or(0), n, prompt.completions.len());
    let shown: Vec<_> = prompt.completions.iter().enumerate().skip(first).take(n).collect();
    let widest = |f: &dyn Fn(&super::super::overlay::Completion) -> usize| {
        shown.iter().map(|(_, one)| f(one)).max().unwrap_or(0)
    };
    let text = widest(&|one| paint::cells(&one.text)).min(40);
    let about = widest(&|one| paint::cells(&one.about)).min(30);
    let typed = prompt.line.before_cursor();
    let replaced = prompt.completions.first().map_or(0, |one| one.replaces);
    let indent = (1 + paint::cells(&prompt.label) + paint::cells(&typed)).saturating_sub(replaced);
    let width = ((text + about + 6) as u16).max(18).min(window.status.width);
    let x = (indent as u16).min(window.status.width - width);
    let height = n as u16 + 2;
    let area = Rect { x: window.status.x + x, y: bottom - height, width, height };
    Clear.render(area, buf);
    let note = format!("{}", prompt.completions.len());
    let inner = Frame { title: "Tab", note: &note, focused: false }.draw(buf, area, theme);
    for (y, (at, one)) in shown.into_iter().enumerate() {
        let label = paint::left(&paint::clean(&one.text), text);
        let about = paint::right(
            &paint::clean(&one.about),
            usize::from(inner.width).saturating_sub(text + 4),
        );
        let plain = theme.style(Role::Text);
        let spans = [
            (" ", plain),
            (label.as_str(), plain),
            ("  ", plain),
            (about.as_str(), theme.style(Role::Muted)),
        ];
        paint::line(buf, inner, y as u16, &spans);
        if prompt.taken == Some(at) {
            paint::tint(buf, inner, y as u16, theme.selected(true));
        }
    }
}

fn question(app: &App, confirm: &Confirm, buf: &mut Buffer, body: Rect) -> Option<(u16, u16)> {
    let theme = &app.shared.theme;
    let width = body.width.min(76);
    let room = usize::from(width.saturating_sub(4)).max(10);
    let lines: Vec<String> =
        confirm.lines.iter().flat_map(|line| paint::wrap(&paint::clean(line), room)).collect();
    let note = if confirm.typed.is_some() { "Enter goes on  Esc cancels" } else { "" };
    let inner = boxed(app, buf, body, (width, lines.len() as u16 + 4), &confirm.title, note);
    for (y, line) in lines.iter().enumerate() {
        let style = theme.style(Role::Text);
        paint::line(buf, inner, y as u16, &[(" ", style), (line, style)]);
    }
    let y = inner.height.saturating_sub(1);
    if let Some(problem) = &confirm.problem {
        let style = theme.style(Role::Bad);
        let text = paint::clean(problem);
        paint::line(buf, inner, y.saturating_sub(1), &[(" ", style), (&text, style)]);
    }
    if let Some(word) = &confirm.typed {
        let label = format!("type {word} and Enter: ");
        Some(typed(app, buf, inner, y, &label, confirm.line.text()))
    } else {
        let (accent, muted) = (theme.style(Role::Accent), theme.style(Role::Muted));
        let spans = [(" ", muted), ("y", accent), (" yes  ", muted), ("n", accent), (" no", muted)];
        paint::line(buf, inner, y, &spans);
        None
    }
}

fn choice(app: &App, choose: &Choose, buf: &mut Buffer, body: Rect) -> (u16, u16) {
    let theme = &app.shared.theme;
    let fitting = choose.fitting();
    let height = (choose.items.len() as u16)
        .saturating_add(3)
        .clamp(6, body.height.saturating_sub(2).max(6));
    let inner = boxed(app, buf, body, (72, height), &choose.title, "type to narrow");
    let cursor = typed(app, buf, inner, 0, "", choose.line.text());
    nothing(app, buf, inner, (fitting.is_empty(), choose.line.text()));
    let rows = usize::from(inner.height.saturating_sub(1));
    let first = layout::scroll(0, choose.row, rows, fitting.len());
    let widest = choose.items.iter().map(|item| paint::cells(&item.0)).max().unwrap_or(0).min(40);
    for (row, &at) in fitting.iter().enumerate().skip(first).take(rows) {
        let y = (row - first + 1) as u16;
        let (value, about) = &choose.items[at];
        let value = paint::left(&paint::clean(value), widest);
        let about = paint::clean(about);
        let style = theme.style(Role::Text);
        paint::line(
            buf,
            inner,
            y,
            &[(" ", style), (&value, style), ("  ", style), (&about, theme.style(Role::Muted))],
        );
        if row == choose.row {
            paint::tint(buf, inner, y, theme.selected(true));
        }
    }
    cursor
}

/// Cells for the text of a page: within the frame, without the blank before it and the scrollbar.
fn page_width(body: Rect) -> usize {
    usize::from(body.width.saturating_sub(4)).max(1)
}

fn page_lines(page: &Page, width: usize) -> Vec<String> {
    page.lines.iter().flat_map(|line| paint::fold(line, width)).collect()
}

/// The last row of a page that may stand at the top, and how many rows are in view.
pub(in crate::tui) fn page_size(app: &App, page: &Page) -> (usize, usize) {
    let body = app.window().map_or(Rect::ZERO, |window| window.body);
    let height = usize::from(layout::inner(body).height);
    (page_lines(page, page_width(body)).len().saturating_sub(height), height)
}

fn text(app: &App, page: &Page, buf: &mut Buffer, body: Rect) {
    let theme = &app.shared.theme;
    let lines = page_lines(page, page_width(body));
    let size = (body.width, body.height);
    let inner = boxed(app, buf, body, size, &page.title, "j k scroll  Esc closes");
    let height = usize::from(inner.height);
    let first = page.scroll.min(lines.len().saturating_sub(height));
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        let style = theme.style(Role::Text);
        paint::line(buf, inner, y as u16, &[(" ", style), (line, style)]);
    }
    let bar = Rect { x: inner.right().saturating_sub(1), width: 1, ..inner };
    scrollbar(buf, bar, theme, (first, height, lines.len()));
}
