//! Content addresses: 256 bits of BLAKE3, shown as `b3:` and the first hex digits.

use std::fmt;

/// A BLAKE3 digest of some canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes one run of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Wraps the 32 bytes of an existing digest.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits, with or without the `b3:` prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("b3:").unwrap_or(text);
        blake3::Hash::from_hex(hex).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// All 64 hex digits, as stored.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The form that people read of a text of hex digits; the text itself where it is no digest.
    pub fn short_of(hex: &str) -> String {
        Self::parse(hex).map_or_else(|| hex.to_string(), |digest| digest.short())
    }

    /// The form that people read: `b3:5e10c2`.
    pub fn short(&self) -> String {
        format!("b3:{}", &self.hex()[..6])
    }

    /// The first eight bytes as a number: a seed or a hash-table key.
    pub fn to_u64(&self) -> u64 {
        let mut first = [0u8; 8];
        first.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(first)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// Hashes a sequence of fields so that no two different sequences collide by concatenation.
///
/// Every field is preceded by its length, so `("ab", "c")` and `("a", "bc")` differ.
#[derive(Default)]
pub struct DigestBuilder(blake3::Hasher);

impl DigestBuilder {
    /// Starts a digest of one kind of thing; `kind` keeps digests of different things apart.
    pub fn new(kind: &str) -> Self {
        let mut builder = Self::default();
        builder.text(kind);
        builder
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Adds an integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Adds a float by its bits; both zeros are one value, as are all NaN.
    pub fn float(&mut self, value: f64) -> &mut Self {
        let canonical = if value == 0.0 {
            0.0
        } else if value.is_nan() {
            f64::NAN
        } else {
            value
        };
        self.bytes(&canonical.to_bits().to_le_bytes())
    }

    /// Ends the digest.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let one = DigestBuilder::new("t").text("ab").text("c").finish();
        let two = DigestBuilder::new("t").text("a").text("bc").finish();
        assert_ne!(one, two);
    }

    #[test]
    fn hex_round_trips() {
        let digest = Digest::of(b"derby");
        assert_eq!(Digest::parse(&digest.hex()), Some(digest));
        assert_eq!(Digest::parse(&format!("b3:{}", digest.hex())), Some(digest));
        assert_eq!(Digest::parse("b3:zz"), None);
    }

    #[test]
    fn zeros_and_nans_are_one_value() {
        let of = |v: f64| DigestBuilder::new("f").float(v).finish();
        assert_eq!(of(0.0), of(-0.0));
        assert_eq!(of(f64::NAN), of(-f64::NAN));
        assert_ne!(of(1.0), of(2.0));
    }
}
