//! The confusion matrix: counts in words, shares of each true class as color.

use super::axis::Axis;
use super::frame::{Frame, Look, color_bar};
use super::pen::{Align, Pen, Stroke, Words, width};
use super::sheet::{Area, Head, sheet};
use super::{Content, GRAY, INK, PlotError, shade};
use plotters::style::WHITE;

/// Classes that are drawn; of more, the rarest are put together.
const MAX_CLASSES: usize = 40;

/// The smallest words in a cell.
const MIN_EM: f64 = 6.5;

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// Above the figure.
    pub title: String,
    /// The classes, in the order of their codes.
    pub classes: Vec<String>,
    /// Row-major counts: a row for each true class, a column for each predicted one.
    pub counts: Vec<u64>,
}

/// A matrix as it is drawn.
struct Matrix {
    names: Vec<String>,
    counts: Vec<u64>,
}

impl Confusion {
    /// Counts pairs of class codes; codes beyond the classes are left out.
    pub fn new(title: &str, classes: Vec<String>, truth: &[u32], predicted: &[u32]) -> Self {
        let n = classes.len();
        let mut counts = vec![0; n * n];
        for (&t, &p) in truth.iter().zip(predicted) {
            if (t as usize) < n && (p as usize) < n {
                counts[t as usize * n + p as usize] += 1;
            }
        }
        Self { title: title.into(), classes, counts }
    }

    /// The most frequent classes in their order, and the others as one.
    fn matrix(&self) -> Matrix {
        let n = self.classes.len();
        if n <= MAX_CLASSES {
            return Matrix { names: self.classes.clone(), counts: self.counts.clone() };
        }
        let rows = |class: usize| self.counts[class * n..(class + 1) * n].iter().sum::<u64>();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&class| std::cmp::Reverse(rows(class)));
        let mut kept = order[..MAX_CLASSES - 1].to_vec();
        kept.sort_unstable();
        let place = |class: usize| kept.binary_search(&class).unwrap_or(MAX_CLASSES - 1);
        let mut counts = vec![0; MAX_CLASSES * MAX_CLASSES];
        for (at, &count) in self.counts.iter().enumerate() {
            counts[place(at / n) * MAX_CLASSES + place(at % n)] += count;
        }
        let names = kept.iter().map(|&class| self.classes[class].clone());
        let others = format!("{} others", n - kept.len());
        Matrix { names: names.chain([others]).collect(), counts }
    }
}

impl Content for Confusion {
    fn size(&self) -> (u32, u32) {
        let n = self.classes.len().min(MAX_CLASSES) as u32;
        let side = (n * 62).clamp(280, 860);
        (side + 240, side + 170)
    }

    fn check(&self) -> Result<(), PlotError> {
        let n = self.classes.len();
        if self.counts.len() != n * n {
            let text = format!("{} counts are no matrix of {n} × {n} classes", self.counts.len());
            return Err(PlotError::Content(text));
        }
        if self.counts.iter().all(|count| *count == 0) {
            return Err(PlotError::Empty("no row was predicted".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let Matrix { names, counts } = self.matrix();
        let n = names.len();
        let rows: u64 = counts.iter().sum();
        let right: u64 =
            (0..self.classes.len()).map(|at| self.counts[at * (self.classes.len() + 1)]).sum();
        let share = percent(right as f64 / rows as f64);
        let subtitle =
            format!("{right} of {rows} rows right ({share}); color: share of the true class");
        let head = Head { title: &self.title, subtitle, legend: Vec::new() };
        let outer = sheet(pen, self.size(), &head);
        let matrix = Area { right: outer.right - 84.0, ..outer };
        let x = Axis::words("predicted", names.clone());
        let y = Axis::words("true", names.into_iter().rev().collect());
        let look = Look { grid: (false, false), ..Look::default() };
        let frame = Frame::new(pen, matrix, x, y, look);
        let bar = Area { left: outer.right - 66.0, ..frame.area };
        color_bar(pen, Area { right: outer.right, ..bar }, &Axis::between("", 0.0, 1.0), &shade);
        for (row, counts) in counts.chunks_exact(n).enumerate() {
            let all: u64 = counts.iter().sum();
            for (column, &count) in counts.iter().enumerate() {
                let share = if all == 0 { 0.0 } else { count as f64 / all as f64 };
                // The first class stands at the top.
                draw_cell(pen, &frame, (column, n - 1 - row), (count, share));
            }
        }
        let (low, high) = (-0.5, n as f64 - 0.5);
        pen.outline(frame.at(low, low), frame.at(high, high), Stroke::new(GRAY, 1.0));
    }
}

fn draw_cell(pen: &mut Pen<'_>, frame: &Frame, (x, y): (usize, usize), (count, share): (u64, f64)) {
    if count == 0 {
        return;
    }
    let (x, y) = (x as f64, y as f64);
    let (a, b) = (frame.at(x - 0.5, y + 0.5), frame.at(x + 0.5, y - 0.5));
    pen.fill(a, b, shade(share));
    let (wide, high) = (b.0 - a.0, b.1 - a.1);
    let ink = if share > 0.5 { WHITE } else { INK };
    let room = |text: &str| (wide / width(text, 1.0).max(0.5) * 0.8).min(high * 0.4).min(14.0);
    let mut text = count.to_string();
    if room(&text) < MIN_EM {
        text = short(count);
    }
    let em = room(&text);
    // Smaller words are read by nobody; the color stays.
    if em < MIN_EM {
        return;
    }
    let middle = frame.at(x, y);
    let below = percent(share);
    let small = em * 0.8;
    if small < 8.0 || width(&below, small) > wide * 0.9 || high < 34.0 {
        pen.words(middle, &text, Words::new(em, ink, Align::Middle));
    } else {
        let at = |shift: f64| (middle.0, middle.1 + shift);
        pen.words(at(-em * 0.55), &text, Words::new(em, ink, Align::Middle));
        pen.words(at(em * 0.65), &below, Words::new(small, ink, Align::Middle));
    }
}

/// A large count in thousands or millions.
fn short(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..999_500 => format!("{:.0}k", count as f64 / 1e3),
        _ => format!("{:.0}M", count as f64 / 1e6),
    }
}

/// A share in percent; what is not everything never reads `100 %`.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p > 99.5 && p < 100.0 => "> 99 %".into(),
        p if p < 0.5 && p > 0.0 => "< 1 %".into(),
        p => format!("{p:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Figure;
    use crate::plot::sample::{draws, long_name, look};

    fn figure(n: usize, rows: usize) -> Confusion {
        let mut draw = draws(n as u64);
        let truth: Vec<u32> = (0..rows).map(|_| (draw() * draw() * n as f64) as u32).collect();
        let wrong = |t: &u32| if draw() < 0.85 { *t } else { (draw() * n as f64) as u32 };
        let predicted: Vec<u32> = truth.iter().map(wrong).collect();
        let name = |at: usize| if at == 1 { long_name() } else { format!("class {at}") };
        Confusion::new("Champion on the holdout", (0..n).map(name).collect(), &truth, &predicted)
    }

    #[test]
    fn two_classes_to_hundreds() {
        for (n, rows) in [(2, 114), (10, 1_797), (26, 2_000_000), (300, 100_000)] {
            look(&format!("confusion_{n}"), &figure(n, rows));
        }
    }

    #[test]
    fn the_rarest_are_put_together_and_no_row_is_lost() {
        let many = figure(300, 5_000);
        let drawn = many.matrix();
        assert_eq!(drawn.names.len(), MAX_CLASSES);
        assert_eq!(drawn.names.last().unwrap(), "261 others");
        assert_eq!(drawn.counts.iter().sum::<u64>(), many.counts.iter().sum::<u64>());
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |counts: Vec<u64>, expect: &str| {
            let classes = vec!["a".into(), "b".into()];
            let error = Confusion { title: "t".into(), classes, counts }.svg().unwrap_err();
            assert_eq!(error.to_string(), expect);
        };
        check(vec![1, 2, 3], "3 counts are no matrix of 2 × 2 classes");
        check(vec![0; 4], "there is nothing to draw: no row was predicted");
        assert_eq!(percent(0.999), "> 99 %");
        assert_eq!(percent(1.0), "100 %");
        let shorts = [999, 1_499, 999_499, 999_500, 12_300_000].map(short);
        assert_eq!(shorts, ["999", "1k", "999k", "1M", "12M"]);
    }
}
