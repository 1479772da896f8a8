//! What is chosen from lists: the view, its axes, its color.

use super::column::{Column, Holds};
use super::table::Table;
use super::{Figures, View};
use crate::tui::effect::Effect;
use crate::tui::overlay::{Choose, Outcome, Overlay};

const VIEW: &str = "figures view";
const COLUMNS: &str = "figures columns";
const X: &str = "figures x";

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq)]
enum Item {
    View(View),
    /// Shows an axis right of the cursor, moves it there, or hides it if it is the selected one.
    Axis(String),
    X(String),
    Y(String),
    /// Colors by a column; none for the status.
    Color(Option<String>),
    /// The view's own choice of axes.
    Default,
    Others,
}

impl Figures {
    pub(super) fn choose_view(&self) -> Vec<Effect> {
        let items = View::ALL.map(|view| (view.title().to_string(), view.about().to_string()));
        let list = Choose::new(VIEW, "Figure", items.into(), self.view as usize);
        vec![Effect::Overlay(Overlay::Choose(list))]
    }

    /// The list of axes and what else the view can be told.
    pub(super) fn choose(&self) -> Vec<Effect> {
        self.list(COLUMNS, self.items())
    }

    /// The columns for the axis along the bottom.
    pub(super) fn choose_x(&self) -> Vec<Effect> {
        let items: Vec<_> =
            self.items().into_iter().filter(|(item, _)| matches!(item, Item::X(_))).collect();
        self.list(X, items)
    }

    fn list(&self, purpose: &'static str, items: Vec<(Item, (String, String))>) -> Vec<Effect> {
        if items.is_empty() {
            return self.choose_view();
        }
        let words = items.into_iter().map(|(_, words)| words).collect();
        let list = Choose::new(purpose, self.view.title(), words, 0);
        vec![Effect::Overlay(Overlay::Choose(list))]
    }

    fn items(&self) -> Vec<(Item, (String, String))> {
        let mut items = Vec::new();
        if let Some(table) = self.table() {
            match self.view {
                View::Coordinates => self.axis_items(table, &mut items),
                View::Slice => column_items(table, "x", Column::is_param, Item::X, &mut items),
                View::Contour => {
                    column_items(table, "x", Column::is_param, Item::X, &mut items);
                    column_items(table, "y", Column::is_param, Item::Y, &mut items);
                }
                View::Scatter => {
                    column_items(table, "x", |_| true, Item::X, &mut items);
                    column_items(table, "y", |_| true, Item::Y, &mut items);
                    let color = |name| Item::Color(Some(name));
                    column_items(table, "color", |column| !column.is_number(), color, &mut items);
                    let words = ("color: status".into(), "how the runs ended".into());
                    items.push((Item::Color(None), words));
                }
                View::Pareto => {
                    let first = table.objective().map(|at| table.columns[at].name.clone());
                    let is_aim = |column: &Column| {
                        column.goal().is_some() && Some(&column.name) != first.as_ref()
                    };
                    column_items(table, "x", is_aim, Item::X, &mut items);
                }
                View::Distribution => {
                    let word = if self.hides_others { "show" } else { "hide" };
                    let about = "those of the same objective".to_string();
                    items.push((Item::Others, (format!("{word} other sweeps"), about)));
                }
                View::Timeline => {}
            }
        }
        let views = View::ALL.into_iter().filter(|view| *view != self.view);
        items.extend(views.map(|view| {
            let words = (format!("view: {}", view.title()), view.about().to_string());
            (Item::View(view), words)
        }));
        items
    }

    fn axis_items(&self, table: &Table, items: &mut Vec<(Item, (String, String))>) {
        let shown = self.shown_axes(table);
        let selected = shown.get(self.axis.min(shown.len().saturating_sub(1))).copied();
        let beside = selected.map_or(String::new(), |at| table.columns[at].label.clone());
        let mut order = shown.clone();
        order.extend((0..table.columns.len()).filter(|at| !shown.contains(at)));
        for at in order {
            let column = &table.columns[at];
            let about = match shown.iter().position(|other| *other == at) {
                Some(_) if Some(at) == selected => "hide".into(),
                Some(place) => format!("axis {}, move behind {beside}", place + 1),
                None => format!("add behind {beside}"),
            };
            let about = format!("{about} · {}", kind(column));
            items.push((Item::Axis(column.name.clone()), (column.label.clone(), about)));
        }
        let about = "what varies, by importance, then what is optimized".to_string();
        items.push((Item::Default, ("all as at first".into(), about)));
    }

    /// Carries out what was chosen; none if the list was not of the figures.
    pub(super) fn chosen(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
    ) -> Option<Vec<Effect>> {
        let at = match (purpose, outcome) {
            (VIEW, Outcome::Chosen(at)) => {
                self.turn_to(*View::ALL.get(at)?);
                return Some(Vec::new());
            }
            (COLUMNS | X, Outcome::Chosen(at)) => at,
            (VIEW | COLUMNS | X, _) => return Some(Vec::new()),
            _ => return None,
        };
        let mut items = self.items();
        if purpose == X {
            items.retain(|(item, _)| matches!(item, Item::X(_)));
        }
        if let Some((item, _)) = items.into_iter().nth(at) {
            self.set(item);
        }
        Some(Vec::new())
    }

    fn set(&mut self, item: Item) {
        match item {
            Item::View(view) => self.turn_to(view),
            Item::Axis(name) => self.move_axis(name),
            Item::Default => (self.axes.coordinates, self.axis) = (None, 0),
            Item::Others => self.hides_others = !self.hides_others,
            Item::Color(name) => self.axes.color = Some(name.unwrap_or_default()),
            Item::X(name) => match self.view {
                View::Slice => self.axes.slice = Some(name),
                View::Pareto => self.axes.pareto = Some(name),
                View::Scatter => self.axes.scatter.0 = Some(name),
                _ => set_pair(&mut self.axes.contour, name, true),
            },
            Item::Y(name) if self.view == View::Contour => {
                set_pair(&mut self.axes.contour, name, false);
            }
            Item::Y(name) => self.axes.scatter.1 = Some(name),
        }
    }

    fn move_axis(&mut self, name: String) {
        let Some(table) = self.table() else { return };
        let shown = self.shown_axes(table);
        let mut names: Vec<String> =
            shown.iter().map(|at| table.columns[*at].name.clone()).collect();
        let selected = names.get(self.axis.min(names.len().saturating_sub(1))).cloned();
        names.retain(|other| *other != name);
        if selected.as_ref() == Some(&name) {
            // A brush that nobody sees would pick runs for no reason to be seen.
            self.brushes.0.remove(&name);
            self.axis = self.axis.min(names.len().saturating_sub(1));
        } else {
            let behind = names.iter().position(|other| Some(other) == selected.as_ref());
            let at = behind.map_or(names.len(), |at| at + 1);
            names.insert(at, name);
            self.axis = at;
        }
        (self.cursor, self.anchor) = (None, None);
        self.axes.coordinates = Some(names);
    }
}

/// Both axes of a contour differ: the other one gives way.
fn set_pair(pair: &mut (Option<String>, Option<String>), name: String, is_x: bool) {
    let (own, other) = if is_x { (&mut pair.0, &mut pair.1) } else { (&mut pair.1, &mut pair.0) };
    if other.as_ref() == Some(&name) {
        std::mem::swap(own, other);
    } else {
        *own = Some(name);
    }
}

fn column_items(
    table: &Table,
    axis: &str,
    fits: impl Fn(&Column) -> bool,
    item: impl Fn(String) -> Item,
    items: &mut Vec<(Item, (String, String))>,
) {
    for column in table.columns.iter().filter(|column| fits(column) && column.varies()) {
        let words = (format!("{axis}: {}", column.label), kind(column));
        items.push((item(column.name.clone()), words));
    }
}

/// A share in whole percent.
pub(super) fn share_words(share: f64) -> String {
    match share {
        share if share > 0.0 && share < 0.005 => "<1 %".into(),
        share => format!("{:.0} %", share * 100.0),
    }
}

/// What a column is, in words.
fn kind(column: &Column) -> String {
    match (column.holds, column.importance) {
        (Holds::Param, Some(share)) => format!("parameter, importance {}", share_words(share)),
        (Holds::Param, None) => "parameter".into(),
        (Holds::Objective(goal), _) => format!("objective, {}", goal.word()),
        (Holds::Metric(_), _) => "metric".into(),
        (Holds::Seconds, _) => "wall time".into(),
        (Holds::Trial, _) => "number in the sweep".into(),
    }
}
