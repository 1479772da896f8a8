//! Dialogs over the screen.

use super::super::app::App;
use super::super::keymap::{self, Chapter};
use super::super::layout::{self, Window};
use super::super::overlay::{Choose, Confirm, Form, Overlay, Page, Prompt};
use super::super::paint;
use super::super::palette;
use super::super::theme::Role;
use super::super::widgets::Frame;
use super::{is_listed, shown_key};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};

/// Draws the dialog that is open; gives where the cursor stands.
pub(super) fn draw(app: &App, buf: &mut Buffer, window: &Window) -> Option<(u16, u16)> {
    match app.overlay.as_ref()? {
        Overlay::Help { search, scroll } => {
            Some(help(app, buf, window.body, search.text(), *scroll))
        }
        Overlay::Palette { line, row } => Some(commands(app, buf, window.body, line.text(), *row)),
        Overlay::Prompt(prompt) => {
            completions(app, prompt, buf, window);
            None
        }
        Overlay::Confirm(confirm) => question(app, confirm, buf, window.body),
        Overlay::Form(form) => fields(app, form, buf, window.body),
        Overlay::Choose(choose) => Some(choice(app, choose, buf, window.body)),
        Overlay::Page(page) => {
            text(app, page, buf, window.body);
            None
        }
    }
}

/// Clears a box in the middle and frames it.
fn boxed(
    app: &App,
    buf: &mut Buffer,
    body: Rect,
    size: (u16, u16),
    title: &str,
    note: &str,
) -> Rect {
    let area = layout::middle(body, size.0, size.1);
    Clear.render(area, buf);
    Frame { title, note, focused: true }.draw(buf, area, &app.shared.theme)
}

fn help(app: &App, buf: &mut Buffer, body: Rect, search: &str, scroll: usize) -> (u16, u16) {
    let theme = &app.shared.theme;
    let wanted = search.to_lowercase();
    let mut rows: Vec<(String, String, Style)> = Vec::new();
    for chapter in Chapter::ALL {
        let fits = |binding: &&keymap::Binding| {
            let text = format!("{} {} {}", binding.keys.join(" "), binding.name, binding.about);
            binding.chapter == chapter && text.to_lowercase().contains(&wanted)
        };
        let found: Vec<_> = keymap::TABLE.iter().filter(fits).collect();
        if found.is_empty() {
            continue;
        }
        if !rows.is_empty() {
            rows.push((String::new(), String::new(), Style::new()));
        }
        let heading = theme.style(Role::Focus);
        rows.push((chapter.title().into(), String::new(), heading));
        for binding in found {
            let keys: Vec<&str> = binding.keys.iter().map(|key| shown_key(key)).collect();
            let does = is_listed(app, binding.action);
            let style = theme.style(if does { Role::Text } else { Role::Muted });
            rows.push((format!("  {}", keys.join("  ")), binding.about.into(), style));
        }
    }
    let title = format!("Keys on {}", app.screen_id().title());
    let inner = boxed(app, buf, body, (92, body.height), &title, "type to search  Esc closes");
    let height = usize::from(inner.height.saturating_sub(1));
    let scroll = scroll.min(rows.len().saturating_sub(height));
    for (y, (keys, about, style)) in rows.iter().skip(scroll).take(height).enumerate() {
        let accent = if about.is_empty() { *style } else { theme.style(Role::Accent) };
        let keys = paint::left(keys, 26);
        paint::line(buf, inner, y as u16, &[(&keys, accent), (about, *style)]);
    }
    if rows.is_empty() {
        paint::line(buf, inner, 0, &[("  no key does that", theme.style(Role::Muted))]);
    }
    typed(app, buf, inner, inner.height.saturating_sub(1), "search ", search)
}

/// A line that is typed at row `y`; gives the cursor behind it.
fn typed(app: &App, buf: &mut Buffer, area: Rect, y: u16, label: &str, text: &str) -> (u16, u16) {
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

fn commands(app: &App, buf: &mut Buffer, body: Rect, text: &str, row: usize) -> (u16, u16) {
    let theme = &app.shared.theme;
    let entries = palette::fitting(app, text);
    let note = format!("{} of them", entries.len());
    let inner = boxed(app, buf, body, (88, 20), "Commands", &note);
    let cursor = typed(app, buf, inner, 0, ":", text);
    let height = usize::from(inner.height.saturating_sub(1));
    let first = layout::scroll(0, row, height, entries.len());
    for (y, entry) in entries.iter().enumerate().skip(first).take(height) {
        let at = (y - first + 1) as u16;
        let about =
            entry.why_not.map_or_else(|| entry.about.clone(), |why| format!("not now: {why}"));
        let style = theme.style(if entry.why_not.is_some() { Role::Muted } else { Role::Text });
        let command = paint::left(&entry.command, 22);
        let keys = paint::left(&entry.keys, 12);
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
    let status = paint::clean(&prompt.status);
    let tail = if prompt.is_wrong { String::new() } else { "  Enter keep  Esc clear ".into() };
    let most = usize::from(area.width) * 3 / 5;
    let status = format!("{}{tail}", paint::cut(&status, most));
    let width = area.width.saturating_sub(paint::cells(&status) as u16 + 1);
    let left = Rect { width, ..area };
    // A line longer than its place shows its end, where the cursor is.
    let label = format!(" {} ", prompt.label);
    let room = usize::from(width).saturating_sub(paint::cells(&label) + 1).max(1);
    let before = prompt.line.before_cursor();
    let skip = paint::cells(&before).saturating_sub(room);
    let shown: String = drop_cells(prompt.line.text(), skip);
    let spans =
        [(label.as_str(), theme.style(Role::Accent)), (shown.as_str(), theme.style(Role::Text))];
    paint::line(buf, left, 0, &spans);
    let role = if prompt.is_wrong { Role::Bad } else { Role::Muted };
    paint::line_right(buf, area, 0, &status, theme.style(role));
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

/// Completions, above the prompt.
fn completions(app: &App, prompt: &Prompt, buf: &mut Buffer, window: &Window) {
    let theme = &app.shared.theme;
    let n = prompt.completions.len().min(8);
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
    let indent = 2 + paint::cells(&prompt.label) + paint::cells(&typed);
    let width = (text + about + 4) as u16;
    let x = (indent as u16).min(window.status.width.saturating_sub(width));
    let area = Rect {
        x: window.status.x + x,
        y: window.status.y.saturating_sub(n as u16),
        width: width.min(window.status.width),
        height: n as u16,
    };
    Clear.render(area, buf);
    for (y, (at, one)) in shown.into_iter().enumerate() {
        let label = paint::left(&paint::clean(&one.text), text);
        let about = paint::right(&paint::clean(&one.about), about);
        let plain = theme.style(Role::Text);
        let spans = [
            (" ", plain),
            (label.as_str(), plain),
            ("  ", plain),
            (about.as_str(), theme.style(Role::Muted)),
            (" ", plain),
        ];
        paint::line(buf, area, y as u16, &spans);
        let style = if prompt.taken == Some(at) {
            theme.selected(true)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        };
        paint::tint(buf, area, y as u16, style);
    }
}

fn question(app: &App, confirm: &Confirm, buf: &mut Buffer, body: Rect) -> Option<(u16, u16)> {
    let theme = &app.shared.theme;
    let width = body.width.min(76);
    let room = usize::from(width.saturating_sub(4)).max(10);
    let lines: Vec<String> =
        confirm.lines.iter().flat_map(|line| paint::wrap(&paint::clean(line), room)).collect();
    let inner =
        boxed(app, buf, body, (width, lines.len() as u16 + 4), &confirm.title, "Esc leaves it");
    for (y, line) in lines.iter().enumerate() {
        let style = theme.style(Role::Text);
        paint::line(buf, inner, y as u16, &[(" ", style), (line, style)]);
    }
    let y = inner.height.saturating_sub(1);
    if let Some(word) = &confirm.typed {
        let label = format!("type {word} and Enter: ");
        Some(typed(app, buf, inner, y, &label, confirm.line.text()))
    } else {
        let (accent, muted) = (theme.style(Role::Accent), theme.style(Role::Muted));
        let spans =
            [(" ", muted), ("y", accent), (" yes   ", muted), ("n", accent), (" no", muted)];
        paint::line(buf, inner, y, &spans);
        None
    }
}

fn fields(app: &App, form: &Form, buf: &mut Buffer, body: Rect) -> Option<(u16, u16)> {
    let theme = &app.shared.theme;
    let labels =
        form.fields.iter().map(|field| paint::cells(&field.label)).max().unwrap_or(0).min(28);
    let height = (form.fields.len() as u16).saturating_add(4).min(body.height);
    let inner = boxed(app, buf, body, (88, height), &form.title, "Enter sends  Esc leaves it");
    let rows = usize::from(inner.height.saturating_sub(2)).max(1);
    let first = layout::scroll(0, form.row, rows, form.fields.len());
    let mut cursor = None;
    for (at, field) in form.fields.iter().enumerate().skip(first).take(rows) {
        let y = (at - first) as u16;
        let label = paint::left(&paint::clean(&field.label), labels);
        let is_here = at == form.row;
        let wrong = form.problem.as_ref().is_some_and(|(row, _)| *row == at);
        let value_room = usize::from(inner.width).saturating_sub(labels + 4);
        let is_choice = !field.choices.is_empty();
        let (before, after) = if is_choice && is_here { ("‹ ", " ›") } else { ("", "") };
        let (before, after) =
            if theme.ascii && !before.is_empty() { ("< ", " >") } else { (before, after) };
        let value = format!("{before}{}{after}", field.line.text());
        let value = paint::left(&value, value_room.min(paint::cells(&value).max(24)));
        let role = if wrong { Role::Bad } else { Role::Text };
        let style = theme.style(role);
        let value_style = if is_here { style.add_modifier(Modifier::UNDERLINED) } else { style };
        let spans = [
            (" ", style),
            (label.as_str(), theme.style(if is_here { Role::Focus } else { Role::Muted })),
            ("  ", style),
            (value.as_str(), value_style),
            ("  ", style),
            (field.hint.as_str(), theme.style(Role::Muted)),
        ];
        paint::line(buf, inner, y, &spans);
        if is_here && !is_choice {
            let x = inner.x + (1 + labels + 2 + paint::cells(&field.line.before_cursor())) as u16;
            cursor = Some((x.min(inner.right().saturating_sub(1)), inner.y + y));
        }
    }
    if let Some((_, text)) = &form.problem {
        let style = theme.style(Role::Bad);
        paint::line(
            buf,
            inner,
            inner.height.saturating_sub(1),
            &[(" ", style), (&paint::clean(text), style)],
        );
    }
    cursor
}

fn choice(app: &App, choose: &Choose, buf: &mut Buffer, body: Rect) -> (u16, u16) {
    let theme = &app.shared.theme;
    let fitting = choose.fitting();
    let height = (choose.items.len() as u16)
        .saturating_add(3)
        .clamp(6, body.height.saturating_sub(2).max(6));
    let inner = boxed(app, buf, body, (72, height), &choose.title, "type to narrow");
    let cursor = typed(app, buf, inner, 0, "", choose.line.text());
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

fn text(app: &App, page: &Page, buf: &mut Buffer, body: Rect) {
    let theme = &app.shared.theme;
    let inner =
        boxed(app, buf, body, (body.width, body.height), &page.title, "j k scroll  Esc closes");
    for (y, line) in page.lines.iter().skip(page.scroll).take(usize::from(inner.height)).enumerate()
    {
        let style = theme.style(Role::Text);
        paint::line(buf, inner, y as u16, &[(" ", style), (line, style)]);
    }
}
