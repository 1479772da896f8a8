//! Made-up names of runs: adjective-noun-number, a function of the run's uuid.

use crate::domain::Digest;

const ADJECTIVES: [&str; 64] = [
    "able", "agile", "amber", "ample", "bold", "brave", "brisk", "bright", "calm", "candid",
    "civil", "clear", "clever", "cosmic", "crisp", "daring", "deft", "eager", "early", "fair",
    "fancy", "fast", "fierce", "fond", "frank", "fresh", "gentle", "glad", "golden", "grand",
    "happy", "hardy", "honest", "humble", "jolly", "keen", "kind", "lively", "loyal", "lucky",
    "mellow", "merry", "mighty", "modest", "neat", "nimble", "noble", "patient", "plucky",
    "polite", "proud", "quick", "quiet", "rapid", "royal", "sharp", "silver", "smooth", "steady",
    "sturdy", "sunny", "swift", "vivid", "witty",
];

const NOUNS: [&str; 64] = [
    "acorn", "anchor", "arrow", "badger", "bay", "birch", "bison", "breeze", "brook", "canyon",
    "cedar", "colt", "comet", "condor", "coral", "crane", "creek", "delta", "dune", "eagle",
    "ember", "falcon", "fern", "filly", "finch", "forest", "fox", "garnet", "glade", "gull",
    "harbor", "hare", "hawk", "heron", "horizon", "island", "jockey", "kestrel", "lagoon", "lark",
    "lynx", "maple", "marble", "meadow", "meteor", "mustang", "orchid", "osprey", "otter",
    "paddock", "panther", "pebble", "pine", "pony", "quartz", "raven", "ridge", "river", "saddle",
    "spruce", "stallion", "tiger", "turf", "walnut",
];

/// The name that goes with a uuid.
pub(super) fn made_up(uuid: &str) -> String {
    let bits = Digest::of(uuid.as_bytes()).to_u64();
    let adjective = ADJECTIVES[(bits & 63) as usize];
    let noun = NOUNS[(bits >> 6 & 63) as usize];
    format!("{adjective}-{noun}-{}", (bits >> 12) % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_uuid() {
        let one = made_up("0198c0de-0000-7000-8000-000000000001");
        assert_eq!(one, made_up("0198c0de-0000-7000-8000-000000000001"));
        assert_ne!(one, made_up("0198c0de-0000-7000-8000-000000000002"));
        assert_eq!(one.split('-').count(), 3);
    }

    #[test]
    fn words_are_distinct() {
        for words in [ADJECTIVES, NOUNS] {
            assert!(
                words.is_sorted_by(|a, b| a < b) || {
                    let mut sorted = words;
                    sorted.sort_unstable();
                    sorted.windows(2).all(|pair| pair[0] != pair[1])
                }
            );
        }
    }
}
