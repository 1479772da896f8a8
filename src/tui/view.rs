//! Draws the state: header, panes, the line above the footer, the footer, and what lies over them. Changes nothing.

mod dialogs;

use super::action::{Action, ScreenId};
use super::app::App;
use super::effect::Tone;
use super::keymap;
use super::layout::{self, LEAST, Window};
use super::overlay::Overlay;
use super::paint;
use super::screens::{Enabled, Place};
use super::theme::Role;
use crate::report::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Draws a frame; gives where the cursor stands, if something is being typed.
pub(super) fn draw(app: &App, buf: &mut Buffer) -> Option<(u16, u16)> {
    let Some(window) = app.window() else {
        too_small(app, buf);
        return None;
    };
    header(app, buf, window.header);
    if let Some(text) = &app.unreadable {
        unreadable(app, buf, window.body, text);
    } else {
        panes(app, buf, &window);
    }
    let cursor = status(app, buf, window.status);
    footer(app, buf, window.footer);
    let cursor = dialogs::draw(app, buf, &window).or(cursor);
    if app.shared.theme.ascii {
        only_ascii(buf);
    }
    cursor
}

/// Foreign text has signs of its own: where only ASCII may be drawn, a cut is `~` and any other is `?`.
fn only_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let sign = match cell.symbol() {
                "…" => "~",
                "×" => "x",
                "·" => ".",
                "µ" => "u",
                "±" | "–" | "—" | "−" => "-",
                _ => "?",
            };
            cell.set_symbol(sign);
        }
    }
}

/// What is said while nothing fits: how much there is, and how much it takes.
fn too_small(app: &App, buf: &mut Buffer) {
    let area = app.size();
    let theme = &app.shared.theme;
    let colored = |fits: bool| theme.style(if fits { Role::Good } else { Role::Bad });
    let (width, height) = (area.width.to_string(), area.height.to_string());
    let needs = format!("{}", LEAST.0);
    let y = area.height.saturating_sub(2) / 2;
    let text = theme.style(Role::Text);
    let cross = theme.glyph("×", "x");
    let least = LEAST.1.to_string();
    let first = [("needs ", text), (needs.as_str(), text), (cross, text), (least.as_str(), text)];
    paint::line(buf, area, y, &first);
    let second = [
        ("has ", text),
        (width.as_str(), colored(area.width >= LEAST.0)),
        (cross, text),
        (height.as_str(), colored(area.height >= LEAST.1)),
        ("  q quits", theme.style(Role::Muted)),
    ];
    paint::line(buf, area, y + 1, &second);
}

/// Where the names of the screens are.
pub(super) fn tabs(header: Rect, current: ScreenId) -> Vec<(ScreenId, Rect)> {
    let mut x = header.x + 7;
    let mut found = Vec::new();
    // Narrow windows name the screen that is shown, and number the others.
    let whole: u16 = ScreenId::ALL.iter().map(|id| id.title().len() as u16 + 4).sum();
    let is_short = 7 + whole + 12 > header.width;
    for id in ScreenId::ALL {
        let named = !is_short || id == current;
        let width = if named { id.title().len() as u16 + 4 } else { 3 };
        if x + width > header.right() {
            break;
        }
        found.push((id, Rect { x, y: header.y, width, height: 1 }));
        x += width;
    }
    found
}

fn header(app: &App, buf: &mut Buffer, area: Rect) {
    let theme = &app.shared.theme;
    paint::line(
        buf,
        area,
        0,
        &[(" derby", theme.style(Role::Accent).add_modifier(Modifier::BOLD))],
    );
    let mut end = area.x + 7;
    for (id, place) in tabs(area, app.screen_id()) {
        let named = place.width > 3;
        let number = id.index() + 1;
        let label = if named { format!("{number} {}", id.title()) } else { number.to_string() };
        let is_current = id == app.screen_id();
        let text = if is_current { format!("[{label}]") } else { format!(" {label} ") };
        let style = if is_current { theme.style(Role::Focus) } else { theme.style(Role::Muted) };
        paint::line(buf, place, 0, &[(&text, style)]);
        end = place.right();
    }
    let room = Rect { x: end, width: area.right().saturating_sub(end), ..area };
    let mut right = project(app);
    let running = app.shared.catalog.n_running();
    let live = if running > 0 {
        format!("{} {} running ", theme.glyph("●", "*"), words::count(running))
    } else {
        String::new()
    };
    let used = paint::cells(&live) as u16;
    right = paint::cut(&right, usize::from(room.width.saturating_sub(used + 2)));
    let text = Rect { width: room.width.saturating_sub(used), ..room };
    paint::line_right(buf, text, 0, &format!("{right} "), theme.style(Role::Muted));
    paint::line_right(buf, room, 0, &live, theme.style(Role::Live));
}

/// The project: the folder that the store lies in.
fn project(app: &App) -> String {
    let folder = app.shared.store.parent().filter(|path| !path.as_os_str().is_empty());
    let name =
        folder.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    paint::clean(&name.unwrap_or_else(|| app.shared.store.display().to_string()))
}

fn panes(app: &App, buf: &mut Buffer, window: &Window) {
    let screen = app.screen_of(app.screen_id());
    let (head, _) = layout::split_top(window.body, screen.head(&app.shared));
    if head.height > 0 {
        screen.draw_head(buf, head, &app.shared);
    }
    for placed in app.placed() {
        let pane = &placed.pane;
        let hidden = app.n_hidden();
        let mut title = pane.title.clone();
        if placed.focused && hidden > 0 {
            title = format!("{title} ({})", others(app));
        }
        let inner =
            super::widgets::Frame { title: &title, note: &pane.note, focused: placed.focused }
                .draw(buf, placed.area, &app.shared.theme);
        if inner.width > 0 && inner.height > 0 {
            let place = Place { area: inner, focused: placed.focused };
            screen.draw(buf, pane.id, place, &app.shared);
        }
    }
}

/// The panes behind the one that is shown.
fn others(app: &App) -> String {
    let shown: Vec<u8> = app.placed().iter().map(|placed| placed.pane.id).collect();
    let panes = app.screen_of(app.screen_id()).panes(&app.shared);
    let titles: Vec<String> = panes
        .into_iter()
        .filter(|pane| !shown.contains(&pane.id))
        .map(|pane| pane.title.split("  ").next().unwrap_or_default().to_string())
        .collect();
    format!("Tab: {}", titles.join(", "))
}

fn unreadable(app: &App, buf: &mut Buffer, area: Rect, text: &str) {
    let theme = &app.shared.theme;
    let inner =
        super::widgets::Frame { title: "The store cannot be read", note: "", focused: true }
            .draw(buf, area, theme);
    let width = usize::from(inner.width.saturating_sub(4)).max(10);
    let mut lines: Vec<(String, Style)> = paint::wrap(&paint::clean(text), width)
        .into_iter()
        .map(|line| (line, theme.style(Role::Bad)))
        .collect();
    lines.push((String::new(), theme.style(Role::Text)));
    lines.push((
        "derby looks again four times a second, and goes on as soon as it can be read.".into(),
        theme.style(Role::Muted),
    ));
    lines.push(("derby store check   says more; q quits".into(), theme.style(Role::Muted)));
    let top = inner.height.saturating_sub(lines.len() as u16) / 2;
    for (at, (line, style)) in lines.iter().enumerate() {
        paint::line(buf, inner, top + at as u16, &[("  ", *style), (line, *style)]);
    }
}

/// Prompt, message, or what the screen says.
fn status(app: &App, buf: &mut Buffer, area: Rect) -> Option<(u16, u16)> {
    let theme = &app.shared.theme;
    if let Some(Overlay::Prompt(prompt)) = &app.overlay {
        return Some(dialogs::prompt(app, prompt, buf, area));
    }
    if let Some(said) = &app.said {
        let (glyph, role) = match said.tone {
            Tone::Good => (theme.glyph("✓", "+"), Role::Good),
            Tone::Info => (theme.glyph("·", "-"), Role::Accent),
            Tone::Bad => ("!", Role::Bad),
        };
        let style = theme.style(role);
        paint::line(
            buf,
            area,
            0,
            &[(" ", style), (glyph, style), (" ", style), (&said.text, style)],
        );
        return None;
    }
    let spans = app.screen_of(app.screen_id()).status(&app.shared);
    let mut line = vec![(" ", theme.style(Role::Text))];
    line.extend(spans.iter().map(|(text, style)| (text.as_str(), *style)));
    paint::line(buf, area, 0, &line);
    None
}

/// What keys do something here: from the key table, in the order of its priorities, cut to the width.
fn footer(app: &App, buf: &mut Buffer, area: Rect) {
    let theme = &app.shared.theme;
    let (accent, muted) = (theme.style(Role::Accent), theme.style(Role::Muted));
    let screen = app.screen_of(app.screen_id());
    let position = paint::clean(&screen.position(&app.shared));
    let mode = if app.shared.read_only { "read-only  " } else { "" };
    let pinned = format!("{mode}? keys  q quit  {position} ");
    let room = usize::from(area.width).saturating_sub(paint::cells(&pinned) + 2);
    let mut hints: Vec<_> = keymap::TABLE.iter().filter(|binding| binding.footer > 0).collect();
    hints.sort_by_key(|binding| binding.footer);
    let mut x = area.x + 1;
    let mut used = 0;
    for binding in hints {
        let enabled = app.enabled(binding.action);
        let name = match enabled {
            Enabled::Never => continue,
            Enabled::As(name) => name,
            _ => binding.name,
        };
        let key = shown_key(binding.keys[0]);
        let width = paint::cells(key) + 1 + paint::cells(name) + 2;
        if used + width > room {
            continue;
        }
        let is_dim = matches!(enabled, Enabled::No(_));
        let style = |style: Style| if is_dim { muted.add_modifier(Modifier::DIM) } else { style };
        let place = Rect { x, width: width as u16, ..area };
        paint::line(buf, place, 0, &[(key, style(accent)), (" ", muted), (name, style(muted))]);
        x += width as u16;
        used += width;
    }
    paint::line_right(buf, area, 0, &pinned, muted);
}

/// A key as people see it.
pub(super) fn shown_key(word: &str) -> &str {
    match word {
        "space" => "Space",
        "enter" => "Enter",
        "esc" => "Esc",
        "tab" => "Tab",
        "shift-tab" => "Shift-Tab",
        other => other,
    }
}

/// True if an action is worth a word in the help of this screen.
pub(super) fn is_listed(app: &App, action: Action) -> bool {
    app.enabled(action) != Enabled::Never
}
