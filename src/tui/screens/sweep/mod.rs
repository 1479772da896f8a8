//! The sweep screen.

mod load;

pub use load::{Answer, Ask};

use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask;
use crate::tui::ask::Trouble;
use crate::tui::effect::Effect;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// State of the screen.
#[derive(Debug, Default)]
pub struct Sweep {}

impl Screen for Sweep {
    fn id(&self) -> ScreenId {
        ScreenId::Sweep
    }

    fn panes(&self, _shared: &Shared) -> Vec<Pane> {
        vec![Pane::new(0, "Sweep", "")]
    }

    fn arrange(&self, body: Rect, _shared: &Shared) -> Vec<Rect> {
        vec![body]
    }

    fn draw(&self, buf: &mut Buffer, _pane: u8, place: Place, shared: &Shared) {
        draw_empty(buf, place.area, shared, &["nothing to show"]);
    }

    fn enabled(&self, _action: Action, _pane: u8, _shared: &Shared) -> Enabled {
        Enabled::Never
    }

    fn act(
        &mut self,
        _action: Action,
        _pane: u8,
        _area: Rect,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        Vec::new()
    }

    fn needs(&self, _body: Rect, _shared: &Shared) -> Vec<ask::Ask> {
        Vec::new()
    }

    fn receive(
        &mut self,
        _ask: &ask::Ask,
        _answer: Result<ask::Answer, Trouble>,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        Vec::new()
    }
}
