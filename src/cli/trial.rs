//! `derby trial`: the process of one trial of a built-in model, started by a sweep with `isolate = true`.

use super::args::TrialArgs;
use super::{CliError, Exit, out};
use crate::executor::{TrialOrder, carry_out_order, quiet_panics};
use crate::spec::{self, Format, Known, Overrides};
use crate::sweep::{Place, Plan};

pub(super) fn run(args: &TrialArgs) -> Result<Exit, CliError> {
    let order: TrialOrder = serde_json::from_reader(std::io::stdin().lock())
        .map_err(|error| CliError::usage(format!("no order of a trial: {error}")))?;
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let mut sweep = spec::parse(&order.text, Format::Toml, &order.file, &overrides, &known)?;
    // This is the process of its own, and the sweep has shared out the memory.
    sweep.resources.isolate = false;
    sweep.resources.memory_mb = Some(order.memory_mb);
    let place = Place { store: args.result.clone(), owner: String::new(), jobs: 1, gpus: None };
    let plan = Plan::new(&sweep, &place)?;
    if plan.identity.hex() != order.identity {
        let source = plan.data.as_ref().map(|data| data.provenance.source.as_str());
        return Err(CliError::new(
            Exit::Failed,
            format!("'{}' changed while the sweep ran", source.unwrap_or_default()),
        ));
    }
    quiet_panics();
    carry_out_order(&*plan.work, &order, out::lines(), &args.result)
        .map_err(|error| CliError::new(Exit::Later, error.to_string()))?;
    Ok(Exit::Done)
}
