//! Draws the state: header, panes, the line above the footer, the footer, and what lies over them. Changes nothing.

mod dialogs;
mod footer;
mod form;
mod help;

pub(super) use dialogs::page_size;
pub(super) use help::help_size;

use super::action::ScreenId;
use super::app::App;
use super::ask::Unread;
use super::effect::Tone;
use super::layout::{self, LEAST, Window};
use super::overlay::Overlay;
use super::paint;
use super::screens::Place;
use super::theme::Role;
use crate::report::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Draws a frame; gives where the cursor stands, if something is being typed.
pub(super) fn draw(app: &App, buf: &mut Buffer) -> Option<(u16, u16)> {
    let Some(window) = app.window() else {
        too_small(app, buf);
        app.shared.theme.fill(buf);
        return None;
    };
    header(app, buf, window.header);
    if let Some(unread) = &app.unreadable {
        unreadable(app, buf, window.body, unread);
    } else {
        panes(app, buf, &window);
    }
    let cursor = status(app, buf, window.status);
    footer::draw(app, buf, window.footer);
    let cursor = dialogs::draw(app, buf, &window).or(cursor);
    if app.shared.theme.ascii {
        only_ascii(buf);
    }
    app.shared.theme.fill(buf);
    cursor
}

/// Foreign text has signs of its own: where only ASCII may be drawn, a cut is `~` and what has no spelling is `?`. A sign
/// of two characters takes the blank behind or before it along.
fn only_ascii(buf: &mut Buffer) {
    let width = usize::from(buf.area.width).max(1);
    for row in buf.content.chunks_mut(width) {
        for at in 0..row.len() {
            let mut signs = row[at].symbol().chars();
            let (Some(sign), true) = (signs.next(), !row[at].symbol().is_ascii()) else { continue };
            let spelled = super::widgets::spelled(sign).filter(|_| signs.next().is_none());
            let is_blank = |at: Option<usize>| {
                at.and_then(|at| row.get(at)).is_some_and(|cell| cell.symbol() == " ")
            };
            let from = match spelled {
                Some(text) if text.len() == 1 => Some(at),
                Some(text) if text.len() == 2 && is_blank(at.checked_add(1)) => Some(at),
                Some(text) if text.len() == 2 && is_blank(at.checked_sub(1)) => at.checked_sub(1),
                _ => None,
            };
            let (Some(text), Some(from)) = (spelled, from) else {
                row[at].set_symbol("?");
                continue;
            };
            for (cell, char) in row[from..].iter_mut().zip(text.chars()) {
                cell.set_char(char);
            }
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

/// Where the names of the screens are: the one that is shown by its name, the others by as much of theirs as there is
/// room for beside what has to be seen at the right.
pub(super) fn tabs(app: &App, header: Rect) -> Vec<(ScreenId, Rect)> {
    let room = header.width.saturating_sub(7 + paint::cells(&at_work(app).concat()) as u16);
    let labels = labels(app.screen_id(), usize::from(room));
    let mut x = header.x + 7;
    let mut found = Vec::new();
    for (id, label) in ScreenId::ALL.into_iter().zip(labels) {
        let width = label.len() as u16 + 2;
        if x + width > header.right() {
            break;
        }
        found.push((id, Rect { x, y: header.y, width, height: 1 }));
        x += width;
    }
    found
}

/// What stands for each screen: its number; with its short name, from left to right, while that fits; with its name.
fn labels(current: ScreenId, room: usize) -> Vec<String> {
    let texts = |id: ScreenId| {
        let number = id.index() + 1;
        let named = |name: &str| format!("{number} {name}");
        [number.to_string(), named(id.short()), named(id.title())]
    };
    let mut size = [0; 7];
    size[current.index()] = 2;
    let width = |size: &[usize; 7]| -> usize {
        ScreenId::ALL.into_iter().map(|id| texts(id)[size[id.index()]].len() + 2).sum()
    };
    for step in 1..=2 {
        for at in 0..size.len() {
            let before = size;
            size[at] = size[at].max(step);
            if width(&size) > room {
                size = before;
            }
        }
    }
    ScreenId::ALL.into_iter().map(|id| texts(id)[size[id.index()]].clone()).collect()
}

/// What is at work, which the header always shows.
fn at_work(app: &App) -> [String; 2] {
    let catalog = &app.shared.catalog;
    let said = |n: u64, sign: &str, word: &str| match n {
        0 => String::new(),
        n => format!("{sign} {} {word} ", words::count(n)),
    };
    let live = app.shared.theme.glyph("●", "*");
    [said(catalog.n_running(), live, "running"), said(catalog.n_stale, "!", "stale")]
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
    let room = area.width.saturating_sub(7 + paint::cells(&at_work(app).concat()) as u16);
    let labels = labels(app.screen_id(), usize::from(room));
    for ((id, place), label) in tabs(app, area).into_iter().zip(labels) {
        let is_current = id == app.screen_id();
        let text = if is_current { format!("[{label}]") } else { format!(" {label} ") };
        let style = if is_current { theme.style(Role::Focus) } else { theme.style(Role::Muted) };
        paint::line(buf, place, 0, &[(&text, style)]);
        end = place.right();
    }
    let room = Rect { x: end, width: area.right().saturating_sub(end), ..area };
    let mut right = project(app);
    let [live, stale] = at_work(app);
    let live_cells = paint::cells(&live) as u16;
    let used = live_cells + paint::cells(&stale) as u16;
    let left = usize::from(room.width.saturating_sub(used + 2));
    // A stump of a name says nothing.
    right =
        if left < paint::cells(&right).min(12) { String::new() } else { paint::cut(&right, left) };
    let text = Rect { width: room.width.saturating_sub(used), ..room };
    paint::line_right(buf, text, 0, &format!("{right} "), theme.style(Role::Muted));
    let alive = Rect { width: room.width.saturating_sub(used - live_cells), ..room };
    paint::line_right(buf, alive, 0, &live, theme.style(Role::Live));
    paint::line_right(buf, room, 0, &stale, theme.style(Role::Warn));
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
        let title = if placed.focused && app.n_hidden() > 0 {
            // The frame takes six cells of the line, and the note three more.
            let room = usize::from(placed.area.width).saturating_sub(9);
            titled(pane, &others(app), room)
        } else {
            pane.title.clone()
        };
        let inner =
            super::widgets::Frame { title: &title, note: &pane.note, focused: placed.focused }
                .draw(buf, placed.area, &app.shared.theme);
        if inner.width > 0 && inner.height > 0 {
            let place = Place { area: inner, focused: placed.focused };
            screen.draw(buf, pane.id, place, &app.shared);
        }
    }
}

/// A title with the panes behind the one that is shown: all of them, how many they are, or neither. What the pane says
/// beside its title stays.
fn titled(pane: &super::screens::Pane, others: &[String], room: usize) -> String {
    let lists = [others.join(", "), format!("{} more", others.len())];
    let title = &pane.title;
    let mut titles = lists.iter().map(|list| format!("{title} (Tab: {list})"));
    let fits = |text: &String| paint::cells(text) + paint::cells(&pane.note) <= room;
    titles.find(fits).unwrap_or_else(|| title.clone())
}

/// The panes behind the one that is shown.
fn others(app: &App) -> Vec<String> {
    let shown: Vec<u8> = app.placed().iter().map(|placed| placed.pane.id).collect();
    let panes = app.screen_of(app.screen_id()).panes(&app.shared);
    let hidden = panes.iter().filter(|pane| !shown.contains(&pane.id));
    hidden.map(|pane| pane.name().to_string()).collect()
}

fn unreadable(app: &App, buf: &mut Buffer, area: Rect, unread: &Unread) {
    let theme = &app.shared.theme;
    let (title, again, more) = if unread.is_gone {
        ("The store is gone", "as soon as there is one", "q quits")
    } else {
        (
            "The store cannot be read",
            "as soon as it can be read",
            "derby store check   says more; q quits",
        )
    };
    let inner = super::widgets::Frame { title, note: "", focused: true }.draw(buf, area, theme);
    let width = usize::from(inner.width.saturating_sub(4)).max(10);
    let mut lines: Vec<(String, Style)> = paint::wrap(&paint::clean(&unread.text), width)
        .into_iter()
        .map(|line| (line, theme.style(Role::Bad)))
        .collect();
    lines.push((String::new(), theme.style(Role::Text)));
    let again = format!("derby looks again four times a second, and goes on {again}.");
    lines.push((again, theme.style(Role::Muted)));
    lines.push((more.into(), theme.style(Role::Muted)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_have_as_much_of_their_names_as_fits() {
        let check = |id, room, expect: &str| assert_eq!(labels(id, room).join("|"), expect);
        check(ScreenId::Sweep, 73, "1 Runs|2 Run|3 Compare|4 Sweep|5 Champions|6 Data|7 Start");
        check(ScreenId::Sweep, 61, "1 Runs|2 Run|3 Compare|4 Sweep|5 Champ|6 Data|7 Start");
        check(ScreenId::Runs, 53, "1 Runs|2 Run|3 Comp|4 Sweep|5 Champ|6 Data|7");
        check(ScreenId::Champions, 36, "1 Runs|2|3|4|5 Champions|6|7");
        check(ScreenId::Champions, 0, "1|2|3|4|5 Champions|6|7");
    }

    #[test]
    fn the_count_of_a_pane_stays_beside_its_title() {
        let pane = super::super::screens::Pane::new(0, "Runs", "1-10 of 578");
        let others = ["578".to_string(), "Charts".into()];
        let check = |room, expect: &str| assert_eq!(titled(&pane, &others, room), expect);
        check(40, "Runs (Tab: 578, Charts)");
        check(30, "Runs (Tab: 2 more)");
        check(20, "Runs");
    }

    #[test]
    fn signs_keep_their_meaning_where_only_ascii_may_be_drawn() {
        let check = |text: &str, expect: &str| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
            buf.set_string(0, 0, text, Style::new());
            only_ascii(&mut buf);
            assert_eq!(super::super::snapshot::text(&buf).trim_end(), expect, "{text}");
        };
        check("auc ≥ 0.93", "auc >=0.93");
        check("1 ≤2", "1<=2");
        check("0.9 ± 0.01", "0.9 +-0.01");
        check("a≠b", "a?b");
        check("loss ↓ auc ↑", "loss v auc ^");
        check("größe…", "gr??e~");
    }
}
