//! What a fitted model computes, in plain numbers: for those who write it down elsewhere or explain it.

use ndarray::Array2;

/// A model as a formula over its features `x`.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Always the same: a probability per class, or one number.
    Constant {
        /// One number, or one a class.
        outputs: Vec<f64>,
        /// True for probabilities of classes.
        is_classifier: bool,
    },
    /// `link(coef x + intercept)`.
    Linear {
        /// `outputs × features`.
        coef: Array2<f64>,
        /// One an output.
        intercept: Vec<f64>,
        /// What becomes of the outputs.
        link: Link,
    },
    /// `link(start + Σ trees)`, or with `is_mean` the mean of the trees.
    Trees {
        /// In the order of their fitting.
        trees: Vec<FlatTree>,
        /// The output that tree `t` adds to is `t % outputs`; with `is_mean` every tree gives all outputs.
        start: Vec<f64>,
        /// True for a decision tree or a forest: leaves hold a number per output, and the mean counts.
        is_mean: bool,
        /// What becomes of the outputs.
        link: Link,
    },
    /// Gaussian naive Bayes over the classes that were present.
    GaussianBayes {
        /// Classes of all.
        n_classes: usize,
        /// The class code, log prior, means and variances of each.
        classes: Vec<GaussianClass>,
    },
    /// `k` nearest training rows.
    Neighbors {
        /// How many.
        k: usize,
        /// True if votes count 1/distance.
        by_distance: bool,
        /// True for the sum of absolute differences, false for the Euclidean distance.
        is_manhattan: bool,
        /// `training rows × features`.
        rows: Array2<f64>,
        /// What the rows teach.
        truth: NeighborTruth,
    },
    /// Support vectors: regression has one machine, classification one a pair of classes.
    Kernel(KernelForm),
}

/// What becomes of raw outputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// A number, as it is.
    Identity,
    /// Already a probability per class, of all classes in order.
    Probabilities,
    /// One output: the probability of the second of these two class codes is `1/(1 + e^-x)`.
    Sigmoid {
        /// The two class codes.
        classes: [u32; 2],
        /// Classes of all.
        n_classes: usize,
    },
    /// Probabilities of these class codes by softmax; absent classes have 0.
    Softmax {
        /// The class code of each output.
        classes: Vec<u32>,
        /// Classes of all.
        n_classes: usize,
    },
}

/// A binary tree, nodes in preorder. A row goes left where `x[feature] <= threshold`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlatTree {
    /// The feature of each split, `None` for a leaf.
    pub feature: Vec<Option<u32>>,
    /// The threshold of each split; 0 for a leaf.
    pub threshold: Vec<f64>,
    /// Left child; 0 for a leaf.
    pub left: Vec<u32>,
    /// Right child; 0 for a leaf.
    pub right: Vec<u32>,
    /// Row-major `nodes × width` numbers of the leaves; 0 for splits.
    pub value: Vec<f64>,
    /// Numbers a leaf.
    pub width: usize,
}

/// One class of naive Bayes.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianClass {
    /// Its code.
    pub class: u32,
    /// Logarithm of its share.
    pub log_prior: f64,
    /// One a feature.
    pub mean: Vec<f64>,
    /// One a feature.
    pub variance: Vec<f64>,
}

/// Labels of the neighbors.
#[derive(Debug, Clone, PartialEq)]
pub enum NeighborTruth {
    /// Class codes.
    Classes {
        /// One a row.
        codes: Vec<u32>,
        /// Classes of all.
        n_classes: usize,
    },
    /// Numbers.
    Values(Vec<f64>),
}

/// Support vectors and what is made of them.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelForm {
    /// The kernel.
    pub kernel: KernelKind,
    /// `vectors × features`.
    pub vectors: Array2<f64>,
    /// Regression: one a vector. Classification: row-major `(classes − 1) × vectors`, as in LIBSVM.
    pub coef: Vec<f64>,
    /// Regression: one. Classification: one a pair (0, 1), (0, 2), …, (1, 2), …
    pub rho: Vec<f64>,
    /// None for regression.
    pub machine: Option<KernelClasses>,
}

/// The classes of a support vector machine.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelClasses {
    /// The classes that were present, ascending.
    pub classes: Vec<u32>,
    /// Classes of all.
    pub n_classes: usize,
    /// Support vectors of each class that was present.
    pub counts: Vec<usize>,
    /// Platt's `(a, b)` of each pair: `1/(1 + e^(a f + b))`; empty without probabilities.
    pub sigmoids: Vec<(f64, f64)>,
}

/// A kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KernelKind {
    /// `x·z`
    Linear,
    /// `exp(−gamma ‖x − z‖²)`
    Rbf {
        /// See the formula.
        gamma: f64,
    },
    /// `(gamma x·z + coef0)^degree`
    Poly {
        /// See the formula.
        gamma: f64,
        /// See the formula.
        coef0: f64,
        /// See the formula.
        degree: i32,
    },
}
