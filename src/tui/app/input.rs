//! Keys and the mouse, turned into actions and carried out.

use super::super::action::{Action, ScreenId};
use super::super::edit::Line;
use super::super::effect::{Effect, Jump, Tone};
use super::super::keymap;
use super::super::layout;
use super::super::overlay::Overlay;
use super::super::screens::Enabled;
use super::super::theme::Theme;
use super::super::view::tabs;
use super::{App, Reach, Turn};
use crossterm::event::{
    KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Rect;

/// Rows that a notch of the wheel moves.
const NOTCH: usize = 3;

impl App {
    pub(super) fn key(&mut self, key: &KeyEvent, turn: &mut Turn) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let is_ctrl_c = key.code == crossterm::event::KeyCode::Char('c')
            && key.modifiers.contains(KeyModifiers::CONTROL);
        if is_ctrl_c {
            turn.quit = true;
            return;
        }
        // A message goes with the next key; Esc on an error leaves nothing but the error.
        let was_error = self.said.take().is_some_and(|said| said.tone == Tone::Bad);
        if was_error && self.overlay.is_none() && key.code == crossterm::event::KeyCode::Esc {
            return;
        }
        if self.overlay.is_some() {
            self.dialog_key(key, turn);
            return;
        }
        if let Some(action) = keymap::action(key) {
            self.action(action, turn);
        }
    }

    pub(super) fn paste(&mut self, text: &str, turn: &mut Turn) {
        self.said = None;
        // Pasted text is typed text where something can be typed, and never a row of commands.
        if self.overlay.is_some() {
            self.dialog_paste(text, turn);
        } else {
            self.say(Tone::Info, "pasted text goes into a prompt: / filters, : takes a command");
        }
    }

    /// Carries an action out, or says why not.
    pub(super) fn action(&mut self, action: Action, turn: &mut Turn) {
        match self.enabled(action) {
            Enabled::Yes | Enabled::As(_) => {}
            Enabled::No(why) => return self.say(Tone::Info, why),
            Enabled::Never => {
                let text = self.not_here(action);
                return self.say(Tone::Info, text);
            }
        }
        match action {
            Action::Quit => turn.quit = true,
            Action::Suspend => turn.suspend = true,
            Action::Redraw => turn.redraw = true,
            Action::Reload => {
                self.act(action, turn);
                turn.effects.push(Effect::Reload);
            }
            Action::Help => {
                self.overlay = Some(Overlay::Help { search: Line::default(), scroll: 0 });
            }
            Action::Palette => {
                self.overlay = Some(Overlay::Palette { line: Line::default(), row: 0 });
            }
            Action::Theme => self.next_theme(),
            Action::Go(ScreenId::Run) if self.run.is_empty() => {
                let selected = self.runs.at_hand();
                let target = selected.map_or(Jump::Screen(ScreenId::Run), Jump::Run);
                turn.effects.push(Effect::Jump(target));
            }
            Action::Go(screen) => self.go(screen),
            Action::NextPane => self.move_focus(1),
            Action::PreviousPane => self.move_focus(-1),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::Back => self.back(),
            action => self.act(action, turn),
        }
    }

    /// Why a key does nothing, and where it would.
    fn not_here(&self, action: Action) -> String {
        let Some(binding) = keymap::binding(action) else { return String::new() };
        let does = binding.about.split([';', ':', ',']).next().unwrap_or_default();
        let key = format!("{} ({does})", keymap::shown(binding.keys[0]));
        match self.reach(action) {
            Reach::Pane(pane) => format!("{key} works in '{pane}': Tab goes there"),
            Reach::Screens(screens) if !screens.is_empty() => {
                let names: Vec<String> =
                    screens.iter().map(|id| format!("{} {}", id.index() + 1, id.title())).collect();
                let title = self.screen.title();
                format!("{key} does nothing on {title}; it works on {}", names.join(", "))
            }
            _ => format!("{key} does nothing on {}; ? lists what does", self.screen.title()),
        }
    }

    fn act(&mut self, action: Action, turn: &mut Turn) {
        let (pane, area) = self.focused();
        let id = self.screen;
        let (screen, shared) = self.screen_and_shared(id);
        turn.effects.extend(screen.act(action, pane, area, shared));
    }

    /// To another screen; Esc comes back.
    pub(super) fn go(&mut self, screen: ScreenId) {
        if screen != self.screen {
            self.before.retain(|&other| other != self.screen);
            self.before.push(self.screen);
            self.screen = screen;
            self.zoomed = false;
        }
    }

    /// Leaves what is over something else, one at a time: what the screen cleared, zoom, the pane, the screen.
    fn back(&mut self) {
        let id = self.screen;
        let (screen, shared) = self.screen_and_shared(id);
        if screen.clear(shared) {
            return;
        }
        if self.zoomed {
            self.zoomed = false;
        } else if self.focus[id.index()] > 0 {
            self.focus[id.index()] = 0;
        } else if let Some(before) = self.before.pop() {
            self.screen = before;
        }
    }

    /// To the next or previous pane; one that has no place among the others is then shown alone.
    fn move_focus(&mut self, by: isize) {
        let panes = self.screen_of(self.screen).panes(&self.shared).len().max(1);
        let focus = &mut self.focus[self.screen.index()];
        *focus = (*focus as isize + by).rem_euclid(panes as isize) as usize;
    }

    /// The focus to a pane by its number.
    pub(super) fn focus_pane(&mut self, id: u8) {
        let panes = self.screen_of(self.screen).panes(&self.shared);
        if let Some(at) = panes.iter().position(|pane| pane.id == id) {
            self.focus[self.screen.index()] = at;
        }
    }

    fn next_theme(&mut self) {
        if self.depth.is_none() {
            return self.say(Tone::Info, "no colors: NO_COLOR is set, or --color never");
        }
        let at = Theme::NAMES.iter().position(|name| *name == self.shared.theme.name());
        let next = Theme::NAMES[at.map_or(0, |at| (at + 1) % Theme::NAMES.len())];
        self.set_theme(next);
        self.say(Tone::Info, format!("theme {next}"));
    }

    /// A theme by its name or file.
    pub(super) fn take_theme(&mut self, name: &str) {
        self.set_theme(name);
        if self.said.as_ref().is_none_or(|said| said.tone != Tone::Bad) {
            self.say(Tone::Good, format!("theme {name}"));
        }
    }

    /// Jumps among the effects are carried out here; the rest is the loop's.
    pub(super) fn follow_jumps(&mut self, turn: &mut Turn) {
        // A jump may lead to another, but never round in circles.
        for _ in 0..8 {
            let effects = std::mem::take(&mut turn.effects);
            let mut again = false;
            for effect in effects {
                match effect {
                    Effect::Jump(jump) => {
                        again = true;
                        let more = self.follow(&jump);
                        turn.effects.extend(more);
                    }
                    Effect::Overlay(overlay) => {
                        self.overlay = Some(overlay);
                        self.refresh_prompt();
                    }
                    Effect::Say(tone, text) => self.say(tone, text),
                    Effect::Reload => self.asking.forget(),
                    other => turn.effects.push(other),
                }
            }
            if !again {
                return;
            }
        }
    }

    fn follow(&mut self, jump: &Jump) -> Vec<Effect> {
        let screen = match jump {
            Jump::Screen(screen) => *screen,
            Jump::Run(_) => ScreenId::Run,
            Jump::Compare(_) => ScreenId::Compare,
            Jump::Sweep(_) => ScreenId::Sweep,
            Jump::Runs(_) => ScreenId::Runs,
            Jump::Champions(_) | Jump::Gate(_) => ScreenId::Champions,
            Jump::Data(_) => ScreenId::Data,
        };
        self.go(screen);
        if matches!(jump, Jump::Screen(_)) {
            return Vec::new();
        }
        let (screen, shared) = self.screen_and_shared(screen);
        screen.jump(jump, shared)
    }

    pub(super) fn mouse(&mut self, mouse: MouseEvent, turn: &mut Turn) {
        let at = (mouse.column, mouse.row);
        if self.overlay.is_some() {
            return self.dialog_mouse(mouse, turn);
        }
        if matches!(mouse.kind, MouseEventKind::Down(_)) {
            self.said = None;
        }
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at, turn),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            MouseEventKind::ScrollUp => self.wheel(at, Action::Up, turn),
            MouseEventKind::ScrollDown => self.wheel(at, Action::Down, turn),
            MouseEventKind::Down(MouseButton::Right) | MouseEventKind::Drag(MouseButton::Right) => {
                self.point(at);
            }
            _ => {}
        }
    }

    fn click(&mut self, at: (u16, u16), turn: &mut Turn) {
        let again = self.last_click.replace(at) == Some(at);
        let Some(window) = self.window() else { return };
        if at.1 == window.header.y {
            let hit = tabs(self, window.header).into_iter().find(|(_, area)| contains(*area, at));
            if let Some((screen, _)) = hit {
                self.go(screen);
            }
            return;
        }
        let Some((pane, area)) = self.pane_at(at) else { return };
        self.focus_pane(pane);
        let id = self.screen;
        let (screen, shared) = self.screen_and_shared(id);
        turn.effects.extend(screen.click(pane, area, at, again, shared));
    }

    /// Goes to the pane in which the button went down.
    fn drag(&mut self, at: (u16, u16)) {
        let (pane, area) = self.focused();
        if self.last_click.is_some_and(|from| contains(area, from)) {
            let id = self.screen;
            let (screen, shared) = self.screen_and_shared(id);
            screen.drag(pane, area, at, shared);
        }
    }

    fn wheel(&mut self, at: (u16, u16), action: Action, turn: &mut Turn) {
        let Some((pane, area)) = self.pane_at(at) else { return };
        let id = self.screen;
        for _ in 0..NOTCH {
            let (screen, shared) = self.screen_and_shared(id);
            turn.effects.extend(screen.act(action, pane, area, shared));
        }
    }

    fn point(&mut self, at: (u16, u16)) {
        let Some((pane, area)) = self.pane_at(at) else { return };
        // What the crosshair opens is opened by a key, which goes where the focus is.
        self.focus_pane(pane);
        let id = self.screen;
        let (screen, shared) = self.screen_and_shared(id);
        screen.point(pane, area, at, shared);
    }

    /// The pane under a cell, and its inside, if the cell is inside.
    fn pane_at(&self, at: (u16, u16)) -> Option<(u8, Rect)> {
        let placed = self.placed();
        let hit = placed.iter().find(|placed| contains(placed.area, at))?;
        Some((hit.pane.id, layout::inner(hit.area)))
    }
}

fn contains(area: Rect, at: (u16, u16)) -> bool {
    (area.x..area.right()).contains(&at.0) && (area.y..area.bottom()).contains(&at.1)
}
