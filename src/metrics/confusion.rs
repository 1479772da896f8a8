//! Metrics of the predicted classes, all from the weighted counts of one pass.

/// Weighted counts per class.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// Rows of the class that were predicted as the class.
    hits: Vec<f64>,
    /// Rows of the class.
    truth: Vec<f64>,
    /// Rows predicted as the class.
    predicted: Vec<f64>,
    /// True where the class occurs in truth or prediction, whatever its weight.
    present: Vec<bool>,
}

/// How classes are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Average {
    /// The classes that occur in truth or prediction count alike.
    Macro,
    /// Each class counts by its weight in the truth.
    Weighted,
}

/// Which of the three related scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Precision,
    Recall,
    F1,
}

impl Counts {
    /// Counts rows; codes must be below `n_classes`.
    pub(super) fn new(
        truth: &[u32],
        predicted: &[u32],
        weights: Option<&[f64]>,
        n_classes: usize,
    ) -> Self {
        let mut counts = Self {
            hits: vec![0.0; n_classes],
            truth: vec![0.0; n_classes],
            predicted: vec![0.0; n_classes],
            present: vec![false; n_classes],
        };
        for (row, (&t, &p)) in truth.iter().zip(predicted).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            let (t, p) = (t as usize, p as usize);
            counts.truth[t] += weight;
            counts.predicted[p] += weight;
            counts.present[t] = true;
            counts.present[p] = true;
            if t == p {
                counts.hits[t] += weight;
            }
        }
        counts
    }

    fn total(&self) -> f64 {
        self.truth.iter().sum()
    }

    /// Share of the weight that is right.
    pub(super) fn accuracy(&self) -> f64 {
        self.hits.iter().sum::<f64>() / self.total()
    }

    /// Mean recall over the classes with weight in the truth.
    pub(super) fn balanced_accuracy(&self) -> f64 {
        let recalls: Vec<f64> = (0..self.truth.len())
            .filter(|&class| self.truth[class] != 0.0)
            .map(|class| self.hits[class] / self.truth[class])
            .collect();
        recalls.iter().sum::<f64>() / recalls.len() as f64
    }

    /// Precision, recall or F1 of one class; 0 where it would divide by 0.
    pub(super) fn part(&self, part: Part, class: usize) -> f64 {
        let (Some(&hits), Some(&truth), Some(&predicted)) =
            (self.hits.get(class), self.truth.get(class), self.predicted.get(class))
        else {
            return 0.0;
        };
        let (over, under) = match part {
            Part::Precision => (hits, predicted),
            Part::Recall => (hits, truth),
            Part::F1 => (2.0 * hits, truth + predicted),
        };
        if under == 0.0 { 0.0 } else { over / under }
    }

    /// The average of [`Counts::part`] over classes.
    pub(super) fn average(&self, part: Part, average: Average) -> f64 {
        let classes = (0..self.truth.len()).filter(|&class| self.present[class]);
        let (mut sum, mut weights) = (0.0, 0.0);
        for class in classes {
            let weight = if average == Average::Macro { 1.0 } else { self.truth[class] };
            sum += weight * self.part(part, class);
            weights += weight;
        }
        if weights == 0.0 { 0.0 } else { sum / weights }
    }

    /// Matthews correlation coefficient in Gorodkin's form for `K` classes; 0 where it is undefined.
    pub(super) fn mcc(&self) -> f64 {
        let total = self.total();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let hits: f64 = self.hits.iter().sum();
        let both = hits * total - dot(&self.truth, &self.predicted);
        let spread_predicted = total * total - dot(&self.predicted, &self.predicted);
        let spread_truth = total * total - dot(&self.truth, &self.truth);
        let product = spread_predicted * spread_truth;
        if product == 0.0 { 0.0 } else { both / product.sqrt() }
    }
}
