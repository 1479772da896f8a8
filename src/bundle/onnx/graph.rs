//! Builds a graph node by node: names, constants, and the bodies of loops.

use super::proto::{
    Attribute, Dimension, Graph, Node, Shape, Tensor, TensorType, Type, ValueInfo, element, kind,
};
use std::collections::BTreeSet;

/// The name of a value of the graph.
pub(super) type Name = String;

/// The domain of trees and label encoders.
pub(super) const ML: &str = "ai.onnx.ml";

/// A graph that grows.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) nodes: Vec<Node>,
    pub(super) constants: Vec<Tensor>,
    /// Names that inputs and outputs have.
    taken: BTreeSet<Name>,
    n_names: usize,
}

impl Builder {
    /// Keeps a name for an input or output, with underscores added where it has gone already.
    pub(super) fn reserve(&mut self, wanted: &str) -> Name {
        let mut name = wanted.to_string();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    fn fresh(&mut self, what: &str) -> Name {
        loop {
            let name = format!("{what}_{}", self.n_names);
            self.n_names += 1;
            if !self.taken.contains(&name) {
                return name;
            }
        }
    }

    /// Gives the output of the last node that has this name another one.
    pub(super) fn rename(&mut self, value: &str, name: &str) {
        let outputs = self.nodes.iter_mut().rev().flat_map(|node| &mut node.output);
        if let Some(output) = outputs.into_iter().find(|output| *output == value) {
            *output = name.into();
        }
    }

    /// A node of one output.
    pub(super) fn op(&mut self, op: &str, inputs: &[&str]) -> Name {
        self.op_with(op, inputs, vec![])
    }

    /// A node of one output with attributes.
    pub(super) fn op_with(&mut self, op: &str, inputs: &[&str], attrs: Vec<Attribute>) -> Name {
        let mut outputs = self.node("", op, inputs, (1, attrs));
        outputs.swap_remove(0)
    }

    /// A node of the domain of trees.
    pub(super) fn ml(&mut self, op: &str, inputs: &[&str], attrs: Vec<Attribute>) -> Name {
        let mut outputs = self.node(ML, op, inputs, (1, attrs));
        outputs.swap_remove(0)
    }

    /// A node of some outputs.
    pub(super) fn node(
        &mut self,
        domain: &str,
        op: &str,
        inputs: &[&str],
        (n_outputs, attribute): (usize, Vec<Attribute>),
    ) -> Vec<Name> {
        let output: Vec<Name> = (0..n_outputs).map(|_| self.fresh(op)).collect();
        self.nodes.push(Node {
            input: inputs.iter().map(ToString::to_string).collect(),
            name: format!("node_{}", output[0]),
            output: output.clone(),
            op_type: op.into(),
            attribute,
            domain: domain.into(),
        });
        output
    }

    /// A constant of doubles.
    pub(super) fn doubles(&mut self, values: &[f64], dims: &[usize]) -> Name {
        let name = self.fresh("c");
        self.constants.push(Tensor { name: name.clone(), ..doubles(values, dims) });
        name
    }

    /// A constant of one double without a shape.
    pub(super) fn double(&mut self, value: f64) -> Name {
        self.doubles(&[value], &[])
    }

    /// A constant row of integers.
    pub(super) fn ints(&mut self, values: &[i64]) -> Name {
        let name = self.fresh("c");
        self.constants.push(Tensor {
            name: name.clone(),
            dims: vec![values.len() as i64],
            data_type: element::INT64,
            raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            string_data: vec![],
        });
        name
    }

    /// A constant row of texts.
    pub(super) fn texts(&mut self, values: &[String]) -> Name {
        let name = self.fresh("c");
        self.constants.push(Tensor {
            name: name.clone(),
            dims: vec![values.len() as i64],
            data_type: element::STRING,
            string_data: values.iter().map(|value| value.clone().into_bytes()).collect(),
            raw_data: vec![],
        });
        name
    }

    /// The same as doubles.
    pub(super) fn as_double(&mut self, value: &str) -> Name {
        self.op_with("Cast", &[value], vec![int("to", i64::from(element::DOUBLE))])
    }

    /// Values side by side.
    pub(super) fn beside(&mut self, values: &[Name]) -> Name {
        if let [only] = values {
            return only.clone();
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        self.op_with("Concat", &values, vec![int("axis", 1)])
    }

    /// A reduction along axis 1 that keeps it: `ReduceSum`, whose axes are an input, or any other.
    pub(super) fn along_row(&mut self, op: &str, value: &str) -> Name {
        if op == "ReduceSum" {
            let axes = self.ints(&[1]);
            return self.op_with(op, &[value, &axes], vec![int("keepdims", 1)]);
        }
        self.op_with(op, &[value], vec![ints("axes", vec![1]), int("keepdims", 1)])
    }

    /// `rows × columns` from `rows`.
    pub(super) fn as_column(&mut self, value: &str) -> Name {
        let axes = self.ints(&[1]);
        self.op("Unsqueeze", &[value, &axes])
    }

    /// `rows` from `rows × 1`.
    pub(super) fn as_vector(&mut self, value: &str) -> Name {
        let axes = self.ints(&[1]);
        self.op("Squeeze", &[value, &axes])
    }

    /// A node that goes through slices of some values along an axis, one after another, and hands states on.
    ///
    /// `body` makes the next states of the states, tables of doubles, and the slices of the element type given. Sums in this order are those of a plain loop, to the bit.
    pub(super) fn scan(
        &mut self,
        states: &[&str],
        slices: &[(&str, i64, i32)],
        body: impl FnOnce(&mut Self, &[Name], &[Name]) -> Vec<Name>,
    ) -> Vec<Name> {
        let of_states: Vec<Name> = states.iter().map(|_| self.fresh("state")).collect();
        let of_slices: Vec<Name> = slices.iter().map(|_| self.fresh("slice")).collect();
        let mut input: Vec<ValueInfo> = of_states.iter().map(|name| table(name)).collect();
        let kinds = of_slices.iter().zip(slices);
        input.extend(kinds.map(|(name, &(_, _, kind))| unshaped(name, kind)));
        let (node, next) = self.inside(|builder| body(builder, &of_states, &of_slices));
        let output = next.iter().map(|name| table(name)).collect();
        let name = self.fresh("body");
        let body = Graph { node, name, initializer: vec![], input, output };
        let mut inputs = states.to_vec();
        inputs.extend(slices.iter().map(|&(name, _, _)| name));
        let axes = slices.iter().map(|&(_, axis, _)| axis).collect();
        let attrs = vec![
            graph("body", body),
            int("num_scan_inputs", slices.len() as i64),
            ints("scan_input_axes", axes),
        ];
        self.node("", "Scan", &inputs, (states.len(), attrs))
    }

    /// A node that repeats `body` up to `times` while its first value, a boolean, is true; the second is the state.
    pub(super) fn repeat(
        &mut self,
        times: i64,
        state: &str,
        body: impl FnOnce(&mut Self, &str) -> (Name, Name),
    ) -> Name {
        let (count, go, inner) = (self.fresh("count"), self.fresh("go"), self.fresh("state"));
        let input = vec![
            shaped(&count, element::INT64, &[]),
            shaped(&go, element::BOOL, &[]),
            table(&inner),
        ];
        let (node, next) = self.inside(|builder| {
            let (go, state) = body(builder, &inner);
            vec![go, state]
        });
        let output = vec![shaped(&next[0], element::BOOL, &[]), table(&next[1])];
        let name = self.fresh("body");
        let body = Graph { node, name, initializer: vec![], input, output };
        let times = self.ints(&[times]);
        let mut out = self.node("", "Loop", &[&times, "", state], (1, vec![graph("body", body)]));
        out.swap_remove(0)
    }

    /// The nodes that `body` makes, kept apart. Constants stay outside, where bodies see them.
    fn inside(&mut self, body: impl FnOnce(&mut Self) -> Vec<Name>) -> (Vec<Node>, Vec<Name>) {
        let outer = std::mem::take(&mut self.nodes);
        let results = body(self);
        (std::mem::replace(&mut self.nodes, outer), results)
    }
}

fn tensor_type(elem_type: i32, shape: Option<Shape>) -> Type {
    Type { tensor_type: Some(TensorType { elem_type, shape }) }
}

/// A value of any shape.
fn unshaped(name: &str, element: i32) -> ValueInfo {
    ValueInfo {
        name: name.into(),
        r#type: Some(tensor_type(element, None)),
        doc_string: String::new(),
    }
}

/// Rows of doubles, some a row. onnxruntime wants to know that much of the state of a loop.
fn table(name: &str) -> ValueInfo {
    let mut info = shaped(name, element::DOUBLE, &[None]);
    let tensor = info.r#type.as_mut().and_then(|kind| kind.tensor_type.as_mut());
    if let Some(shape) = tensor.and_then(|tensor| tensor.shape.as_mut()) {
        shape.dim.push(Dimension::default());
    }
    info
}

/// A value of a shape; the dimension `None` is the number of rows.
pub(super) fn shaped(name: &str, element: i32, dims: &[Option<i64>]) -> ValueInfo {
    let dim = |dim: &Option<i64>| Dimension {
        dim_value: *dim,
        dim_param: dim.is_none().then(|| "rows".into()),
    };
    let shape = Shape { dim: dims.iter().map(dim).collect() };
    ValueInfo {
        name: name.into(),
        r#type: Some(tensor_type(element, Some(shape))),
        doc_string: String::new(),
    }
}

/// A nameless tensor of doubles.
pub(super) fn doubles(values: &[f64], dims: &[usize]) -> Tensor {
    debug_assert_eq!(values.len(), dims.iter().product::<usize>());
    Tensor {
        name: String::new(),
        dims: dims.iter().map(|&dim| dim as i64).collect(),
        data_type: element::DOUBLE,
        raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        string_data: vec![],
    }
}

pub(super) fn int(name: &str, value: i64) -> Attribute {
    let name = name.into();
    Attribute { name, i: Some(value), r#type: kind::INT, ..Attribute::default() }
}

pub(super) fn ints(name: &str, ints: Vec<i64>) -> Attribute {
    Attribute { name: name.into(), ints, r#type: kind::INTS, ..Attribute::default() }
}

pub(super) fn text(name: &str, value: &str) -> Attribute {
    let s = Some(value.as_bytes().to_vec());
    Attribute { name: name.into(), s, r#type: kind::STRING, ..Attribute::default() }
}

pub(super) fn texts<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Attribute {
    let strings = values.map(|value| value.as_bytes().to_vec()).collect();
    Attribute { name: name.into(), strings, r#type: kind::STRINGS, ..Attribute::default() }
}

pub(super) fn tensor(name: &str, value: Tensor) -> Attribute {
    let value = Tensor { name: name.into(), ..value };
    Attribute { name: name.into(), t: Some(value), r#type: kind::TENSOR, ..Attribute::default() }
}

fn graph(name: &str, value: Graph) -> Attribute {
    let g = Some(Box::new(value));
    Attribute { name: name.into(), g, r#type: kind::GRAPH, ..Attribute::default() }
}
