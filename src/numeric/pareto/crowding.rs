//! Crowding distance.

use super::Losses;

/// For each of `members` how far its neighbors on the front are: the sum over the objectives of the distance
/// between them, in units of the front's range (Deb et al. 2002, III-B). Infinite at the ends.
pub fn crowding_distances(losses: Losses<'_>, members: &[usize]) -> Vec<f64> {
    let mut distances = vec![0.0; members.len()];
    let mut order: Vec<usize> = (0..members.len()).collect();
    let (Some(last), true) = (members.len().checked_sub(1), losses.n_objectives() > 0) else {
        return distances;
    };
    for objective in 0..losses.n_objectives() {
        let loss = |at: usize| losses.row(members[at])[objective];
        order.sort_by(|&a, &b| loss(a).total_cmp(&loss(b)).then(a.cmp(&b)));
        let range = loss(order[last]) - loss(order[0]);
        distances[order[0]] = f64::INFINITY;
        distances[order[last]] = f64::INFINITY;
        if !(range > 0.0 && range.is_finite()) {
            continue;
        }
        for window in order.windows(3) {
            distances[window[1]] += (loss(window[2]) - loss(window[0])) / range;
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_make_the_distance() {
        let values = [0.0, 4.0, 1.0, 2.0, 3.0, 1.0, 4.0, 0.0];
        let losses = Losses::new(&values, 2);
        let distances = crowding_distances(losses, &[0, 1, 2, 3]);
        assert_eq!(distances, [f64::INFINITY, 1.5, 1.25, f64::INFINITY]);
        assert_eq!(crowding_distances(losses, &[1]), [f64::INFINITY]);
        assert!(crowding_distances(losses, &[]).is_empty());
    }

    #[test]
    fn an_objective_that_all_share_says_nothing() {
        let values = [0.0, 1.0, 1.0, 1.0, 2.0, 1.0];
        let distances = crowding_distances(Losses::new(&values, 2), &[0, 1, 2]);
        assert_eq!(distances[1], 1.0);
    }
}
