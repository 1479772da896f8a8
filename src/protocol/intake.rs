//! Lines turned into metrics: the one place where a value is recorded, whatever told it.

use super::json::{JsonReader, Scalar};
use super::number::Number;
use super::pattern::{Find, IntakeError, Pattern};
use super::series_book::{ContextId, NameId, SeriesBook, SeriesId};
use super::steps::{MAX_NAME, Place, Role, metric_name};
use super::{Stream, pattern};
use crate::domain::{PointBatch, Summary, SummaryKind};
use crate::spec::MetricSource;

/// Fields of a line whose keys are remembered for the next line.
const MAX_SLOTS: usize = 1024;

/// Takes in what a run says, and hands out its points, the values to judge and the summaries.
///
/// Points and judged values wait until they are taken: take both often.
#[derive(Debug)]
pub struct Intake {
    reads_json: bool,
    patterns: Vec<Pattern>,
    json: JsonReader,
    draft: Draft,
    context: String,
    text: Vec<u8>,
}

/// The line at hand, and what is remembered of the one before.
#[derive(Debug)]
struct Draft {
    book: SeriesBook,
    place: Place,
    slots: Vec<Slot>,
    values: Vec<(usize, NameId, Option<f64>)>,
    /// Per name: the line that it was last seen in, and where in `values`.
    seen: Vec<(u64, usize)>,
    line: u64,
    n_fields: usize,
}

/// The field at a place of the line before: most often the next line has the same.
#[derive(Debug)]
struct Slot {
    key: String,
    role: Role,
    name: Option<NameId>,
    series: Option<(ContextId, SeriesId)>,
}

impl Intake {
    /// For a command's sources of metrics. Files and the exit status are not read here: their values come by
    /// [`Intake::json_line`] and [`Intake::value`].
    ///
    /// # Errors
    ///
    /// A pattern that does not compile, or that has no usable group.
    pub fn new(
        sources: &[MetricSource],
        objective: &str,
        summaries: &[(String, SummaryKind)],
    ) -> Result<Self, IntakeError> {
        let mut patterns = Vec::new();
        for source in sources {
            if let MetricSource::Regex(text) = source {
                patterns.push(Pattern::new(text, objective)?);
            }
        }
        let draft = Draft {
            book: SeriesBook::new(objective, summaries),
            place: Place::default(),
            slots: Vec::new(),
            values: Vec::new(),
            seen: Vec::new(),
            line: 0,
            n_fields: 0,
        };
        Ok(Self {
            reads_json: sources.contains(&MetricSource::Jsonl),
            patterns,
            json: JsonReader::default(),
            draft,
            context: String::new(),
            text: Vec::new(),
        })
    }

    /// A line of output at a time in milliseconds since 1970: JSON counts on stdout, patterns on both streams,
    /// as the sources say.
    pub fn output_line(&mut self, stream: Stream, line: &[u8], ts: i64) {
        if self.reads_json && stream == Stream::Out {
            self.json_line(line, ts);
        }
        if !self.patterns.is_empty() {
            self.text_line(line, ts);
        }
    }

    /// A line of a file of JSON lines. What is not one JSON object is no metric line.
    pub fn json_line(&mut self, line: &[u8], ts: i64) {
        let Some(line) = object_part(line) else { return };
        let line = String::from_utf8_lossy(line);
        let draft = &mut self.draft;
        draft.begin();
        let is_object = self.json.object(&line, &mut |key, value| draft.field(key, value));
        if is_object {
            draft.commit(&mut self.context, ts);
        }
    }

    /// A single value. A name that is none (empty, above 200 characters, control characters) is ignored.
    pub fn value(&mut self, metric: &str, context: &str, step: Option<i64>, value: f64, ts: i64) {
        let Some(metric) = metric_name(metric) else { return };
        self.draft.value(metric, context, step, value, ts);
    }

    fn text_line(&mut self, line: &[u8], ts: i64) {
        let line = pattern::visible_part(line, &mut self.text);
        if line.is_empty() {
            return;
        }
        let Self { patterns, draft, context, .. } = self;
        for pattern in patterns {
            pattern.find(line, &mut |found: Find<'_>| {
                let Some(metric) = metric_name(found.metric) else { return };
                found.place.write_context(context);
                draft.value(metric, context, found.place.step(), found.value, ts);
            });
        }
    }

    /// The objective's values since the last call, in order of arrival: context, step, value.
    pub fn take_judged(&mut self) -> Vec<(String, i64, f64)> {
        self.draft.book.take_judged()
    }

    /// How many points wait to be taken.
    pub fn n_waiting(&self) -> usize {
        self.draft.book.n_waiting()
    }

    /// The points since the last call.
    pub fn take(&mut self) -> PointBatch {
        self.draft.book.take()
    }

    /// One summary a metric: the objective's first, then in order of appearance. A metric with several contexts
    /// scores the mean over theirs.
    pub fn summaries(&self) -> Vec<(String, Summary)> {
        self.draft.book.summaries()
    }

    /// The metrics that have values, in order of appearance.
    pub fn names(&self) -> Vec<&str> {
        self.draft.book.names()
    }

    /// Values that were left out as the run has more than 100,000 series.
    pub fn n_left_out(&self) -> u64 {
        self.draft.book.n_left_out()
    }
}

impl Draft {
    fn begin(&mut self) {
        self.place.clear();
        self.values.clear();
        self.line += 1;
        self.n_fields = 0;
    }

    fn field(&mut self, key: &str, value: Scalar<'_>) {
        // Four bytes a character, and some blanks around.
        if key.len() > 5 * MAX_NAME {
            return;
        }
        let place = self.n_fields.min(MAX_SLOTS);
        self.n_fields += 1;
        self.remember(place, key);
        let role = self.slots[place].role;
        let value = match value {
            Scalar::Number(number) => Some(number),
            Scalar::Text(text) if role == Role::Context => {
                self.place.context(text);
                None
            }
            Scalar::Text(_) | Scalar::Nothing => None,
        };
        let is_context = role == Role::Context && value.is_none();
        if is_context || self.place.number(role, value) {
            self.metric(place, value);
        }
    }

    /// Makes the slot at `place` that of `key`.
    fn remember(&mut self, place: usize, key: &str) {
        if self.slots.get(place).is_some_and(|slot| slot.key == key) {
            return;
        }
        let role = Role::of(key);
        let name = metric_name(key).and_then(|name| self.book.name(name));
        match self.slots.get_mut(place) {
            Some(slot) => {
                slot.key.clear();
                slot.key.push_str(key);
                slot.role = role;
                slot.name = name;
                slot.series = None;
            }
            None => self.slots.push(Slot { key: key.to_string(), role, name, series: None }),
        }
    }

    /// Notes the value of a metric of this line; a second one of the same name takes the place of the first.
    fn metric(&mut self, place: usize, value: Option<Number>) {
        let Some(name) = self.slots[place].name else { return };
        let value = value.map(|number| number.value);
        let at = name as usize;
        if self.seen.len() <= at {
            self.seen.resize(at + 1, (0, 0));
        }
        match self.seen[at] {
            (line, earlier) if line == self.line => self.values[earlier] = (place, name, value),
            _ => {
                self.seen[at] = (self.line, self.values.len());
                self.values.push((place, name, value));
            }
        }
    }

    /// Records the values of the line.
    fn commit(&mut self, text: &mut String, ts: i64) {
        let context = if self.place.is_plain() {
            Some(0)
        } else {
            self.place.write_context(text);
            self.book.context(text)
        };
        let step = self.place.step();
        for (place, name, value) in &self.values {
            let Some(value) = *value else { continue };
            let slot = &mut self.slots[*place];
            let series = match (slot.series, context) {
                (Some((known, series)), Some(context))
                    if known == context && slot.name == Some(*name) =>
                {
                    Some(series)
                }
                (_, Some(context)) => self.book.series(*name, context),
                _ => None,
            };
            let Some(series) = series else {
                self.book.leave_out();
                continue;
            };
            if slot.name == Some(*name) {
                slot.series = context.map(|context| (context, series));
            }
            self.book.record(series, step, value, ts);
        }
    }

    fn value(&mut self, metric: &str, context: &str, step: Option<i64>, value: f64, ts: i64) {
        let book = &mut self.book;
        let name = book.name(metric);
        let context = book.context(context);
        match name.zip(context).and_then(|(name, context)| book.series(name, context)) {
            Some(series) => book.record(series, step, value, ts),
            None => book.leave_out(),
        }
    }
}

/// What of a line may be a JSON object: the line from its `{` on; behind a progress bar on the same line (told by
/// the `}` at the end), what comes after the last `\r`. None, at the cost of a look at both ends, for chatter.
fn object_part(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    if line.first() == Some(&b'{') {
        return Some(line);
    }
    line.strip_suffix(b"}")?;
    let after = line.iter().rposition(|byte| *byte == b'\r')?;
    let part = line[after..].trim_ascii();
    (part.first() == Some(&b'{')).then_some(part)
}
