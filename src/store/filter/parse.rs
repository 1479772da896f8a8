//! Parses a filter: recursive descent over characters, with the place of every mistake.

use super::{Attribute, Expr, Field, FilterError, Kind, Literal, Op, Pattern};
use crate::store::error::nearest;

/// Parentheses and `not` inside each other; the recursion of parser and evaluators goes that deep.
const MAX_DEPTH: usize = 64;
/// Conditions in one filter; SQLite refuses expressions that are much deeper.
const MAX_TERMS: usize = 250;
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "contains", "undefined", "has"];

pub(super) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '.' | '-' | '/' | '@' | '%' | '+' | '#' | '$' | '*' | '?')
}

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

impl Expr {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError::Syntax`] with the place and the mend.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser::new(text);
        let expr = parser.either()?;
        match parser.peek() {
            None => Ok(expr),
            Some(c) => {
                Err(parser
                    .error(format!("'{c}' is too much"), "open a '(' before it, or remove it"))
            }
        }
    }
}

impl Field {
    /// Reads a name as sort orders and columns use it.
    ///
    /// # Errors
    /// [`FilterError::Syntax`] with the place and the mend.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser::new(text);
        let (word, quote) = parser.word()?;
        let field = parser.field(word, quote)?;
        match parser.peek() {
            None => Ok(field),
            Some(c) => Err(parser.error(
                format!("'{c}' does not belong to a name"),
                "put a name with such characters in `backticks`",
            )),
        }
    }
}

impl std::str::FromStr for Expr {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

pub(super) struct Parser {
    chars: Vec<char>,
    pub(super) at: usize,
    depth: usize,
    terms: usize,
}

impl Parser {
    fn new(text: &str) -> Self {
        Self { chars: text.chars().collect(), at: 0, depth: 0, terms: 0 }
    }

    pub(super) fn error(&self, what: impl Into<String>, mend: impl Into<String>) -> FilterError {
        self.error_at(self.at, what, mend)
    }

    pub(super) fn error_at(
        &self,
        at: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> FilterError {
        let shown = |c: &char| if c.is_control() { '·' } else { *c };
        let text = self.chars.iter().map(shown).collect();
        FilterError::Syntax { what: what.into(), mend: mend.into(), text, at }
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    /// The next character that is no space.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.skip_spaces();
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip_spaces();
        let sign: Vec<char> = sign.chars().collect();
        let fits = self.chars[self.at..].starts_with(&sign);
        if fits {
            self.at += sign.len();
        }
        fits
    }

    /// Takes a keyword that stands alone; one before `:` or an operator is a name.
    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_spaces();
        let rest = &self.chars[self.at..];
        let length = rest.iter().take_while(|c| is_name_char(**c)).count();
        let word: String = rest[..length].iter().collect();
        let fits = word.eq_ignore_ascii_case(keyword) && rest.get(length) != Some(&':');
        if fits {
            self.at += length;
        }
        fits
    }

    fn either(&mut self) -> Result<Expr, FilterError> {
        let mut left = self.all()?;
        while self.keyword("or") {
            left = Expr::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut left = self.negation()?;
        loop {
            let before = self.at;
            if self.keyword("or") {
                self.at = before;
                return Ok(left);
            }
            if !self.keyword("and") && matches!(self.peek(), None | Some(')' | ']' | ',')) {
                return Ok(left);
            }
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
    }

    fn negation(&mut self) -> Result<Expr, FilterError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error("it is nested too deeply", "take some parentheses away"));
        }
        self.depth += 1;
        let expr = if self.keyword("not") {
            Expr::Not(Box::new(self.negation()?))
        } else if self.take("(") {
            let open = self.at - 1;
            let inner = self.either()?;
            if !self.take(")") {
                return Err(self.error_at(open, "this '(' is never closed", "add a ')'"));
            }
            inner
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let mend = "use `name in [..]` for long lists";
            return Err(self.error(format!("more than {MAX_TERMS} conditions"), mend));
        }
        let start = self.at;
        let (word, quote) = self.word()?;
        if quote.is_none() && self.chars.get(self.at) == Some(&':') {
            self.at += 1;
            return self.keyed(&word, start);
        }
        if quote.is_none() && is_keyword(&word) {
            let what = format!("'{word}' stands where a condition should");
            return Err(self.error_at(
                start,
                what,
                format!("to look for the word, write \"{word}\""),
            ));
        }
        let scoped = quote.is_none() && (word == "metrics." || word == "params.");
        let before = self.at;
        let field = if scoped || quote == Some('`') || self.is_operator_next() {
            self.at = before;
            self.field(word.clone(), quote)?
        } else {
            return Ok(Expr::Word(word));
        };
        self.condition(field)
    }

    /// A plain or quoted word, with the quote.
    fn word(&mut self) -> Result<(String, Option<char>), FilterError> {
        match self.peek() {
            Some(quote @ ('"' | '\'' | '`')) => Ok((self.quoted(quote)?, Some(quote))),
            Some(c) if is_name_char(c) => Ok((self.take_while(is_name_char), None)),
            Some(c) => Err(self.error(
                format!("'{c}' stands where a condition should begin"),
                "put names and words with such characters in \"quotes\"",
            )),
            None => {
                Err(self.error("a condition is missing", "for example auc > 0.9, tag:keep or svm"))
            }
        }
    }

    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> String {
        let length = self.chars[self.at..].iter().take_while(|c| fits(**c)).count();
        self.at += length;
        self.chars[self.at - length..self.at].iter().collect()
    }

    pub(super) fn quoted(&mut self, quote: char) -> Result<String, FilterError> {
        let open = self.at;
        let mut text = String::new();
        self.at += 1;
        while let Some(&c) = self.chars.get(self.at) {
            self.at += 1;
            match c {
                '\\' => text.extend(self.chars.get(self.at).inspect(|_| self.at += 1)),
                c if c == quote && text.is_empty() => {
                    return Err(self.error_at(
                        open,
                        "nothing stands between the quotes",
                        "fill them",
                    ));
                }
                c if c == quote => return Ok(text),
                c => text.push(c),
            }
        }
        Err(self.error_at(open, format!("this {quote} is never closed"), format!("add a {quote}")))
    }

    fn field(&mut self, word: String, quote: Option<char>) -> Result<Field, FilterError> {
        if quote.is_some() {
            return Ok(Field::Name(word));
        }
        for (prefix, make) in
            [("metrics.", Field::Metric as fn(String) -> Field), ("params.", Field::Param)]
        {
            let Some(name) = word.strip_prefix(prefix) else { continue };
            if !name.is_empty() {
                return Ok(make(name.into()));
            }
            return match self.chars.get(self.at) {
                Some(&quote @ ('`' | '"' | '\'')) => Ok(make(self.quoted(quote)?)),
                _ => Err(self
                    .error(format!("a name is missing after '{prefix}'"), "for example params.C")),
            };
        }
        Ok(Attribute::parse(&word).map_or(Field::Name(word), Field::Attribute))
    }

    fn is_operator_next(&mut self) -> bool {
        if matches!(self.peek(), Some('=' | '!' | '<' | '>')) {
            return true;
        }
        let before = self.at;
        let found = self.keyword("in")
            || self.keyword("contains")
            || self.keyword("is")
            || (self.keyword("not") && self.keyword("in"));
        self.at = before;
        found
    }

    fn condition(&mut self, field: Field) -> Result<Expr, FilterError> {
        const SIGNS: [(&str, Op); 7] = [
            ("==", Op::Eq),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("=", Op::Eq),
            ("<", Op::Lt),
            (">", Op::Gt),
        ];
        if self.keyword("in") {
            return Ok(Expr::In { values: self.list(&field)?, field });
        }
        if self.keyword("contains") {
            return self.contains(field);
        }
        if self.keyword("is") {
            let is_negated = self.keyword("not");
            if !self.keyword("undefined") {
                let mend = "write `is undefined` or `is not undefined`; to compare, write =";
                return Err(self.error("'undefined' is missing after 'is'", mend));
            }
            return Ok(negate(is_negated, Expr::Undefined(field)));
        }
        let before = self.at;
        if self.keyword("not") && self.keyword("in") {
            return Ok(negate(true, Expr::In { values: self.list(&field)?, field }));
        }
        self.at = before;
        self.skip_spaces();
        let at = self.at;
        let Some(&(sign, op)) = SIGNS.iter().find(|(sign, _)| self.take(sign)) else {
            let what = format!("an operator is missing after '{field}'");
            return Err(self.error(what, "one of = != < <= > >= in contains is"));
        };
        if let Some(&more @ ('=' | '!' | '<' | '>')) = self.chars.get(self.at) {
            let what = format!("'{sign}{more}' is no operator");
            return Err(self.error_at(at, what, "one of = != < <= > >= in contains is"));
        }
        self.check_operator(&field, op, (sign, at))?;
        let value = self.literal(&field)?;
        Ok(Expr::Compare { field, op, value })
    }

    fn check_operator(
        &self,
        field: &Field,
        op: Op,
        (sign, at): (&str, usize),
    ) -> Result<(), FilterError> {
        let Field::Attribute(attribute) = field else { return Ok(()) };
        let is_equality = matches!(op, Op::Eq | Op::Ne);
        let word = attribute.word();
        match attribute.kind() {
            Kind::Time if is_equality => Err(self.error_at(
                at,
                format!("'{word}' is an instant, which '{sign}' never hits"),
                format!("write {word} >= 2026-01-31 and {word} < 2026-02-01"),
            )),
            Kind::Hash | Kind::Flag | Kind::Status if !is_equality => Err(self.error_at(
                at,
                format!("'{word}' has no order for '{sign}'"),
                "compare it with = or !=",
            )),
            _ => Ok(()),
        }
    }

    fn contains(&mut self, field: Field) -> Result<Expr, FilterError> {
        let is_text = match &field {
            Field::Attribute(attribute) => {
                matches!(attribute.kind(), Kind::Text | Kind::Prose | Kind::Status | Kind::Hash)
            }
            Field::Metric(_) => false,
            Field::Param(_) | Field::Name(_) => true,
        };
        if !is_text {
            let mend = "compare numbers, dates and flags with = != < <= > >=";
            return Err(
                self.error(format!("'{field}' is no text that could contain anything"), mend)
            );
        }
        let (text, _) = self.raw_value()?;
        Ok(Expr::Contains { field, text })
    }

    fn list(&mut self, field: &Field) -> Result<Vec<Literal>, FilterError> {
        if !self.take("[") {
            return Err(self.error("'in' needs a list", "for example kernel in [rbf, linear]"));
        }
        let open = self.at - 1;
        self.check_operator(field, Op::Eq, ("in", open))?;
        let mut values = vec![self.literal(field)?];
        while self.take(",") {
            values.push(self.literal(field)?);
        }
        if !self.take("]") {
            return Err(self.error_at(
                open,
                "this '[' is never closed",
                "add a ']', and ',' between values",
            ));
        }
        Ok(values)
    }

    /// `key:value`, behind the colon.
    fn keyed(&mut self, key: &str, start: usize) -> Result<Expr, FilterError> {
        match key.to_ascii_lowercase().as_str() {
            "has" => Ok(Expr::Has(self.raw_value()?.0)),
            "tag" => self.tag(),
            "model" => Ok(Expr::Text {
                field: Field::Param("model".into()),
                pattern: self.pattern(false)?,
            }),
            word => {
                let attribute = Attribute::parse(word).ok_or_else(|| {
                    let keys = Attribute::words().chain(["has", "tag", "model"]);
                    let near = nearest(word, keys);
                    let near =
                        near.first().map_or(String::new(), |near| format!("did you mean {near}? "));
                    let mend =
                        format!("{near}to compare a metric or parameter, write {key} = value");
                    self.error_at(start, format!("there is no key '{key}:'"), mend)
                })?;
                let field = Field::Attribute(attribute);
                match attribute.kind() {
                    Kind::Text => Ok(Expr::Text { field, pattern: self.pattern(false)? }),
                    Kind::Prose => Ok(Expr::Text { field, pattern: self.pattern(true)? }),
                    Kind::Time => {
                        let mend = format!("write {word} > -6h or {word} >= 2026-01-31");
                        Err(self.error(format!("'{word}' is an instant, not a text"), mend))
                    }
                    _ => Ok(Expr::Compare { op: Op::Eq, value: self.literal(&field)?, field }),
                }
            }
        }
    }

    fn pattern(&mut self, is_prose: bool) -> Result<Pattern, FilterError> {
        let (text, is_quoted) = self.raw_value()?;
        Ok(if !is_quoted && text.contains(['*', '?']) {
            Pattern::Glob(text)
        } else if is_prose {
            Pattern::Part(text)
        } else {
            Pattern::Exact(text)
        })
    }

    fn tag(&mut self) -> Result<Expr, FilterError> {
        let key = match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => self.take_while(|c| is_name_char(c) || c == ':'),
        };
        if key.is_empty() {
            return Err(self.error(
                "a key is missing after 'tag:'",
                "for example tag:keep or tag:team=vision",
            ));
        }
        let value = match self.chars.get(self.at) {
            Some('=') => {
                self.at += 1;
                Some(self.pattern(false)?)
            }
            _ => None,
        };
        Ok(Expr::Tag { key, value })
    }
}

fn negate(is_negated: bool, expr: Expr) -> Expr {
    if is_negated { Expr::Not(Box::new(expr)) } else { expr }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Expr::parse(text) {
            Ok(expr) => {
                let shown = expr.to_string();
                assert_eq!(Expr::parse(&shown), Ok(expr), "{shown}");
                shown
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn reads_what_people_write() {
        let check = |text: &str, expect: &str| assert_eq!(shown(text), expect, "{text}");
        check("svm", "svm");
        check("auc>0.95", "auc > 0.95");
        check("C<=1e-2 kernel!=rbf", "C <= 0.01 and kernel != \"rbf\"");
        check("a or b and not c", "a or b and not c");
        check("(a or b) and c", "(a or b) and c");
        check("a (b c)", "a and (b and c)");
        check("not (a or b)", "not (a or b)");
        check("name:pat* tag:k=v tag:keep", "name:pat* and tag:k=v and tag:keep");
        check("note:\"to do\"", "note:\"to do\"");
        check("x in [1, two, true, none]", "x in [1, \"two\", true, none]");
        check("x not in [1]", "not x in [1]");
        check("gamma is not undefined", "not gamma is undefined");
        check("started > -6h", "started > -6h");
        check("started >= 2026-01-31", "started >= 2026-01-31T00:00:00Z");
        check("seconds > 5m", "seconds > 300");
        check(
            "params.`a b` = 1 `id`=2 metrics.auc<1",
            "params.`a b` = 1 and `id` = 2 and metrics.auc < 1",
        );
        check("\"a b\" = 1", "`a b` = 1");
        check("\"and\"", "\"and\"");
        check("model=svm AND status:done", "model = \"svm\" and status = \"done\"");
        check("data=b3:5E10", "data = \"5e10\"");
        check("numeric.scale = 'none'", "numeric.scale = \"none\"");
        check("has:auc model contains forest", "has:auc and model contains \"forest\"");
    }

    #[test]
    fn mistakes_have_a_place_and_a_mend() {
        let check = |text: &str, place: usize, word: &str| match Expr::parse(text) {
            Err(FilterError::Syntax { what, mend, at, .. }) => {
                assert_eq!(at, place, "{text}: {what}");
                assert!(what.contains(word) || mend.contains(word), "{text}: {what}; {mend}");
            }
            other => panic!("{text}: {other:?}"),
        };
        check("", 0, "condition");
        check("auc >", 5, "value");
        check("(a or b", 0, "closed");
        check("a)", 1, "')'");
        check("a or", 4, "condition");
        check("x in 3", 5, "list");
        check("x in [1 2]", 5, "closed");
        check("name:\"x", 5, "closed");
        check("status:dnoe", 7, "did you mean 'done'");
        check("sweeep:x", 0, "did you mean 'sweep'");
        check("started = 2026-01-01", 8, "instant");
        check("started > soon", 10, "-6h");
        check("metrics.auc = high", 14, "number");
        check("auc = nan", 6, "is undefined");
        check("x is 3", 5, "undefined");
        check("and b", 0, "\"and\"");
        check("trial = x", 8, "number");
        check("data < ff", 5, "order");
        check("metrics. > 3", 8, "params.C");
        check(&"(".repeat(100), 64, "deep");
        check(&"not ".repeat(100), 64 * 4 - 1, "deep");
        check(&"a ".repeat(300), 500, "conditions");
    }

    #[test]
    fn a_caret_stands_under_the_place() {
        let text = Expr::parse("auc > 0.9 and (b").unwrap_err().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2].find('^'), lines[1].find('('));
    }

    #[test]
    fn columns() {
        assert_eq!(Field::parse("seconds"), Ok(Field::Attribute(Attribute::Seconds)));
        assert_eq!(Field::parse("roc_auc"), Ok(Field::Name("roc_auc".into())));
        assert_eq!(Field::parse("params.C"), Ok(Field::Param("C".into())));
        assert!(Field::parse("a > b").is_err());
    }
}
