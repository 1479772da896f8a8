//! Points that were not asked for yet.

use super::grid::Tree;
use crate::domain::{Digest, DigestBuilder};
use crate::numeric::Rng;
use crate::space::{Point, Size, Space};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Random points that are tried once no candidate is unseen.
const TRIES: usize = 32;
/// Values of all dimensions together that are laid out to walk a space.
const LEVELS: usize = 200_000;

/// What was told of a space.
#[derive(Debug, Clone)]
pub(super) struct Unseen {
    space: Arc<Space>,
    /// The number of points; `None` if that is no finite number.
    size: Option<u128>,
    told: BTreeSet<Digest>,
    /// All points, laid out when first needed; of ranges with very many values only some.
    tree: Option<Tree>,
}

impl Unseen {
    /// Of any space.
    pub(super) fn new(space: &Arc<Space>) -> Self {
        let size = match space.size() {
            Size::Finite(size) => Some(size),
            Size::Infinite => None,
        };
        Self { space: Arc::clone(space), size, told: BTreeSet::new(), tree: None }
    }

    /// `None` for a space that is never used up.
    pub(super) fn of_finite(space: &Arc<Space>) -> Option<Self> {
        let made = Self::new(space);
        made.size.is_some().then_some(made)
    }

    pub(super) fn tell(&mut self, point: &Point) {
        self.told.insert(key(point));
    }

    /// The first candidate that is neither told nor pending, else another such point; `None` once there is no
    /// more. A space so large that it was not laid out in full may repeat a point, once all of the part that was
    /// are asked for.
    pub(super) fn pick(
        &mut self,
        candidates: impl IntoIterator<Item = Point>,
        pending: &[Point],
        rng: &mut Rng,
    ) -> Option<Point> {
        let at_work: BTreeSet<Digest> = pending.iter().map(key).collect();
        let n_new = at_work.iter().filter(|key| !self.told.contains(*key)).count();
        let n_seen = self.told.len() + n_new;
        if self.size.is_some_and(|size| n_seen as u128 >= size) {
            return None;
        }
        let told = &self.told;
        let is_unseen = |point: &Point| {
            let key = key(point);
            !told.contains(&key) && !at_work.contains(&key)
        };
        let mut first = None;
        for point in candidates {
            if is_unseen(&point) {
                return Some(point);
            }
            first.get_or_insert(point);
        }
        let space = &self.space;
        let mut random = || {
            let unit: Vec<f64> = space.dims().iter().map(|_| rng.unit()).collect();
            space.from_unit(&unit)
        };
        let drawn = (0..TRIES).map(|_| random()).find(&is_unseen);
        if drawn.is_some() || self.size.is_none() {
            return drawn.or(first);
        }
        let steps = (LEVELS / space.len().max(1)).max(2);
        let tree = self.tree.get_or_insert_with(|| Tree::new(space, steps));
        let start = u128::from(rng.bits()) % tree.len().max(1);
        // Different points, so that one more than were seen always reach an unseen one.
        let walk = (0..tree.len()).take(n_seen + 1).map(|step| {
            // Both are below the length, which may be close to 2^128.
            if step >= tree.len() - start { step - (tree.len() - start) } else { start + step }
        });
        walk.filter_map(|index| tree.point(index)).find(is_unseen).or(first)
    }
}

fn key(point: &Point) -> Digest {
    let mut digest = DigestBuilder::new("point");
    for coord in &point.0 {
        match coord {
            Some(value) => digest.float(*value),
            None => digest.text("inactive"),
        };
    }
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, int, setup, when};
    use crate::sampler::{Sampler, Told, Tpe, TpeOptions};
    use crate::space::Dimension;

    fn check(dims: Vec<Dimension>, n_asks: u64, expect: usize) {
        let mut tpe = Tpe::new(setup(dims, 2), TpeOptions::default());
        let mut seen = BTreeSet::new();
        let mut pending: Vec<Point> = Vec::new();
        for number in 0..n_asks {
            let Some(point) = tpe.ask(number, &pending) else { break };
            assert!(seen.insert(key(&point)), "{point:?} came twice");
            if number % 4 == 1 {
                pending.push(point);
            } else {
                let loss = Some(point.0.iter().flatten().sum());
                tpe.tell(&Told::new(number, point, loss));
            }
        }
        assert_eq!(seen.len(), expect);
    }

    #[test]
    fn no_point_comes_twice_and_all_come() {
        check(vec![int("n", 1, 150)], 400, 150);
        check(vec![choice("c", 4), when(int("n", 1, 30), 0, &[2.0])], 99, 33);
        check(vec![choice("c", 1)], 9, 1);
        check(Vec::new(), 9, 1);
    }

    #[test]
    fn a_large_space_behind_a_rare_choice_repeats_nothing() {
        let dims = vec![choice("c", 900), when(int("n", 1, 1 << 40), 0, &[7.0])];
        check(dims, 300, 300);
    }
}
