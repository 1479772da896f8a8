//! One line of JSON in a single pass: the fields of an object, flattened, without a tree.

use super::number::{Number, special};

/// Objects and lists within each other, the outermost counted; what is deeper is no metric line.
const MAX_DEPTH: usize = 16;

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar<'a> {
    /// A number, true or false as 1 and 0, or a word for NaN or an infinity, quoted or bare.
    Number(Number),
    /// Any other text.
    Text(&'a str),
    /// null or a list.
    Nothing,
}

/// Reads lines of JSON; kept between lines for its buffers.
#[derive(Debug, Default)]
pub(super) struct JsonReader {
    path: String,
    decoded: String,
}

impl JsonReader {
    /// Hands out the fields of `line` if that is one JSON object, in order; keys of nested objects are joined by
    /// dots. False if it is not: what was handed out until then does not count. A bit more than JSON is taken:
    /// bare NaN, Infinity, inf and the like, numbers as `bc` writes them (`.5`), and what Python prints of a
    /// dict (`{'loss': 0.4, 'done': True}`, as Hugging Face's Trainer does).
    pub(super) fn object(&mut self, line: &str, each: &mut impl FnMut(&str, Scalar<'_>)) -> bool {
        self.path.clear();
        let mut scan = Scan {
            line,
            bytes: line.as_bytes(),
            at: 0,
            path: &mut self.path,
            decoded: &mut self.decoded,
        };
        scan.blank();
        if scan.next() != Some(b'{') || scan.members(1, each).is_none() {
            return false;
        }
        scan.blank();
        scan.at == line.len()
    }
}

/// A string of the line: where it stands, or what it says if it has escapes.
#[derive(Clone, Copy)]
enum Quoted {
    Plain(usize, usize),
    Decoded,
}

struct Scan<'a> {
    line: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The key of the field at hand, where it is not as in the line.
    path: &'a mut String,
    decoded: &'a mut String,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// After a blank or none, the byte that must come.
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.blank();
        (self.next() == Some(byte)).then_some(())
    }

    /// The members of an object whose `{` has been read, to its `}`. None: this is no JSON.
    fn members(&mut self, depth: usize, each: &mut impl FnMut(&str, Scalar<'_>)) -> Option<()> {
        self.blank();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Some(());
        }
        let prefix = self.path.len();
        loop {
            self.blank();
            let quote = self.quote()?;
            let key = self.quoted(quote)?;
            let is_plain = depth == 1 && matches!(key, Quoted::Plain(..));
            if !is_plain {
                self.lengthen_path(key, depth);
            }
            self.expect(b':')?;
            self.blank();
            match self.bytes.get(self.at)? {
                b'{' => {
                    if is_plain {
                        self.lengthen_path(key, depth);
                    }
                    self.at += 1;
                    (depth < MAX_DEPTH).then_some(())?;
                    self.members(depth + 1, each)?;
                }
                b'[' => {
                    self.list(depth + 1)?;
                    each(self.key(key, is_plain), Scalar::Nothing);
                }
                b'"' | b'\'' => {
                    let quote = self.quote()?;
                    let text = self.quoted(quote)?;
                    let text = match text {
                        Quoted::Plain(from, to) => &self.line[from..to],
                        Quoted::Decoded => self.decoded.as_str(),
                    };
                    let value =
                        special(text).map_or(Scalar::Text(text), |n| Scalar::Number(n.into()));
                    each(self.key(key, is_plain), value);
                }
                _ => {
                    let value = self.word()?;
                    each(self.key(key, is_plain), value);
                }
            }
            self.path.truncate(prefix);
            self.blank();
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn key(&self, key: Quoted, is_plain: bool) -> &str {
        match key {
            Quoted::Plain(from, to) if is_plain => &self.line[from..to],
            _ => self.path.as_str(),
        }
    }

    fn lengthen_path(&mut self, key: Quoted, depth: usize) {
        if depth > 1 {
            self.path.push('.');
        }
        match key {
            Quoted::Plain(from, to) => self.path.push_str(&self.line[from..to]),
            Quoted::Decoded => self.path.push_str(self.decoded),
        }
    }

    /// A number or a bare word.
    fn word(&mut self) -> Option<Scalar<'static>> {
        let from = self.at;
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        while self.bytes.get(self.at).is_some_and(is_part) {
            self.at += 1;
        }
        match &self.line[from..self.at] {
            "true" | "True" => Some(Scalar::Number(1.0.into())),
            "false" | "False" => Some(Scalar::Number(0.0.into())),
            "null" | "None" => Some(Scalar::Nothing),
            word => Number::parse(word).map(Scalar::Number),
        }
    }

    /// The quote that a string begins with.
    fn quote(&mut self) -> Option<u8> {
        self.next().filter(|byte| matches!(byte, b'"' | b'\''))
    }

    /// A string whose first quote has been read, to its last one.
    fn quoted(&mut self, quote: u8) -> Option<Quoted> {
        let from = self.at;
        loop {
            match self.next()? {
                byte if byte == quote => return Some(Quoted::Plain(from, self.at - 1)),
                b'\\' => break,
                _ => {}
            }
        }
        self.decoded.clear();
        self.at -= 1;
        let mut plain = from;
        loop {
            match self.next()? {
                byte if byte == quote => {
                    self.decoded.push_str(&self.line[plain..self.at - 1]);
                    return Some(Quoted::Decoded);
                }
                b'\\' => {
                    self.decoded.push_str(&self.line[plain..self.at - 1]);
                    let decoded = self.escape()?;
                    self.decoded.push(decoded);
                    plain = self.at;
                }
                _ => {}
            }
        }
    }

    /// What stands behind a backslash. Half a surrogate pair is the replacement character.
    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            byte @ (b'"' | b'\'' | b'\\' | b'/') => char::from(byte),
            b'u' => {
                let first = self.four_digits()?;
                let is_pair =
                    (0xD800..0xDC00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u");
                if !is_pair {
                    return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let back = self.at;
                self.at += 2;
                let second = self.four_digits()?;
                if !(0xDC00..0xE000).contains(&second) {
                    self.at = back;
                    return Some(char::REPLACEMENT_CHARACTER);
                }
                char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            value = value * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(value)
    }

    /// A list, skipped: balanced, with whole strings; what else is in it does not matter.
    fn list(&mut self, depth: usize) -> Option<()> {
        let outside = depth - 1;
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.next()? {
                b'[' => open.push(b']'),
                b'{' => open.push(b'}'),
                byte @ (b']' | b'}') => (open.pop() == Some(byte)).then_some(())?,
                quote @ (b'"' | b'\'') => {
                    while let byte = self.next()?
                        && byte != quote
                    {
                        self.at += usize::from(byte == b'\\');
                    }
                }
                _ => {}
            }
            if open.is_empty() {
                return Some(());
            }
            (outside + open.len() <= MAX_DEPTH).then_some(())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(line: &str) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let is_object = JsonReader::default().object(line, &mut |key, value| {
            let value = match value {
                Scalar::Number(number) => number.value.to_string(),
                Scalar::Text(text) => format!("'{text}'"),
                Scalar::Nothing => "-".into(),
            };
            found.push((key.to_string(), value));
        });
        is_object.then_some(found)
    }

    fn check(line: &str, expect: &str) {
        let found = fields(line).map(|fields| {
            fields.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(found.as_deref().unwrap_or("none"), expect, "{line}");
    }

    #[test]
    fn objects_are_flattened() {
        check(r#"{"step": 3, "loss": 0.5}"#, "step=3 loss=0.5");
        check(" { } ", "");
        check(r#"{"a":{"b":1,"c":{"d":2}},"e":3}"#, "a.b=1 a.c.d=2 e=3");
        check(r#"{"a":{"b":{}},"c":[1,{"x":"]\"}"}],"d":null,"e":"t"}"#, "c=- d=- e='t'");
        check(
            r#"{"a":true,"b":false,"n":NaN,"i":-Infinity,"t":"inf"}"#,
            "a=1 b=0 n=NaN i=-inf t=inf",
        );
        check(r#"{"a":nan,"b":.5,"c":1e999}"#, "a=NaN b=0.5 c=inf");
        check(r#"{"a\n\u00e9\ud83d\ude00\ud800x":1,"b":"\"\\"}"#, "a\né😀\u{fffd}x=1 b='\"\\'");
        check(r#"{"a":{"b\u0020c":1,"d":2}}"#, "a.b c=1 a.d=2");
        check(r#"{"é":{"ü":1}}"#, "é.ü=1");
        check(
            "{'loss': 0.4, 'ok': True, 'x': None, \"it's\": 'a \"b\"'}",
            "loss=0.4 ok=1 x=- it's='a \"b\"'",
        );
    }

    #[test]
    fn what_is_no_object_is_told_apart() {
        for line in [
            "",
            "{",
            "}",
            "[1]",
            "1",
            "{'a\":1}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1} x"#,
            r#"{"a":1}{"a":2}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":"x}"#,
            r#"{"a":[1}"#,
            r#"{"a":[1,2}]"#,
            r#"{"a":tru}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            "{a:1}",
            r#"{"a":1"#,
            r#"{"a\"#,
            r#"{"a":["\"#,
        ] {
            check(line, "none");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
        assert!(fields(&nested(16)).is_some());
        assert!(fields(&nested(17)).is_none());
        assert!(fields(&nested(10_000)).is_none());
        let lists = |n: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(n), "]".repeat(n));
        assert!(fields(&lists(15)).is_some());
        assert!(fields(&lists(16)).is_none());
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<f64>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn flat(prefix: &str, value: &serde_json::Value, found: &mut Vec<(String, String)>) {
        let value = match value {
            serde_json::Value::Object(members) => {
                for (key, value) in members {
                    let path = if prefix == "\0" { key.clone() } else { format!("{prefix}.{key}") };
                    flat(&path, value, found);
                }
                return;
            }
            serde_json::Value::Number(number) => number.as_f64().unwrap().to_string(),
            serde_json::Value::Bool(value) => u8::from(*value).to_string(),
            serde_json::Value::String(text) => match special(text) {
                Some(value) => value.to_string(),
                None => format!("'{text}'"),
            },
            _ => "-".into(),
        };
        found.push((prefix.to_string(), value));
    }

    proptest! {
        #[test]
        fn objects_read_as_serde_reads_them(members in prop::collection::vec((any::<String>(), json()), 0..5)) {
            let value = serde_json::Value::Object(members.into_iter().collect());
            let mut expect = Vec::new();
            flat("\0", &value, &mut expect);
            prop_assert_eq!(fields(&value.to_string()), Some(expect));
        }

        #[test]
        fn nothing_makes_it_panic(line in any::<String>(), json in "[{}\\[\\]\":,.a1\\\\u-]{0,40}") {
            let _ = fields(&line);
            let _ = fields(&format!("{{\"{json}"));
        }
    }
}
