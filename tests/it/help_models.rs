//! The help texts of the verbs around models: gate, champion, export and kin.

use crate::help::help;
use crate::program::{Place, shows};

#[test]
fn verbs_of_the_gate() {
    let place = Place::new();
    shows!(help(&place, "gate"), @r#"
    exit 0
    Judge whether a run may replace the champion: exit code 0, 3 or 4

    Usage: derby gate [OPTIONS] [SWEEP|RUN]

    Arguments:
      [SWEEP|RUN]  A sweep (its best run is the challenger) or a run [default: the newest sweep]

    Options:
          --against <MODEL>  What it would replace: champion, none, a run, MODEL@ALIAS, MODEL/VERSION,
                             or a bundle's folder [default: champion]
          --policy <FILE>    Another sweep file whose [gate] holds
          --rule <RULE>      superior, non_inferior or absolute, in place of what the sweep file says
          --margin <X>       The margin of --rule non_inferior, in units of the metric
          --min-gain <X>     The gain that --rule superior asks for, in units of the metric
          --why <TEXT>       Why it is asked; recorded with the verdict [default: ""]
          --apply            Carry a verdict to promote out: as [gate] approval says, the champion moves
                             or the version waits
          --report <FILE>    Write a report; the extension says the form: .md, .html, .json, .xml
                             (JUnit), .txt, metrics.txt
          --json             Print one JSON object
      -h, --help             Print help

    The rules stand in [gate] of the sweep file. Both models predict the holdout, which no search has
    seen, on
    the rows that neither was trained on. Every new question spends a part of alpha; asking the same
    again
    returns the recorded verdict. Exit codes: 0 promote, 3 hold (not proven better), 4 reject.

    First, once a model: derby champion begin MODEL. Keys of [gate]: rule, min_gain, margin, metric,
    alpha,
    draws, seed, interval, min_rows, require, slices, max_ece, data_checks, approval (manual,
    automatic).

    Examples:
      derby gate                       the best run of the newest sweep against the champion
      derby gate 171 --against 88
      derby gate mnist --rule non_inferior --margin 0.005
    "#);
    shows!(help(&place, "champion"), @"
    exit 0
    See, promote, approve and roll back the models in use

    Usage: derby champion [OPTIONS] <COMMAND>

    Commands:
      list      List the registered models and their champions
      begin     Register a model: begin its ledger, champions/MODEL.jsonl
      show      Show a model's champion, versions and aliases
      history   Show who moved what, when and why
      promote   Judge a run and make it the champion, if the gate says so
      approve   Let a version that waits become the champion
      reject    Turn a version down
      retire    Take a version out of use
      reopen    Make a rejected, retired or waiting version a candidate again
      rollback  Go back to an earlier champion
      alias     Set an alias of your own on a version, or remove it
      verify    Check the hash chain of a ledger, and that a head which is known from elsewhere is in it
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help
    ");
    shows!(help(&place, "champion list"), @"
    exit 0
    List the registered models and their champions

    Usage: derby champion list [OPTIONS]

    Options:
          --json  Print one JSON array
      -h, --help  Print help
    ");
    shows!(help(&place, "champion begin"), @r#"
    exit 0
    Register a model: begin its ledger, champions/MODEL.jsonl

    Usage: derby champion begin [OPTIONS] <MODEL>

    Arguments:
      <MODEL>  The model: `model` of the sweep file, by default its experiment

    Options:
          --why <TEXT>  Why [default: ""]
      -h, --help        Print help
    "#);
    shows!(help(&place, "champion show"), @"
    exit 0
    Show a model's champion, versions and aliases

    Usage: derby champion show [OPTIONS] [MODEL]

    Arguments:
      [MODEL]  A model, MODEL@ALIAS or MODEL/VERSION [default: the only model]

    Options:
          --json  Print one JSON object
      -h, --help  Print help
    ");
    shows!(help(&place, "champion history"), @"
    exit 0
    Show who moved what, when and why

    Usage: derby champion history [OPTIONS] [MODEL]

    Arguments:
      [MODEL]  The model [default: the only one]

    Options:
          --json  Print one JSON array
      -h, --help  Print help
    ");
    shows!(help(&place, "champion promote"), @"
    exit 0
    Judge a run and make it the champion, if the gate says so

    Usage: derby champion promote [OPTIONS] --why <TEXT> <RUN|SWEEP|VERSION>

    Arguments:
      <RUN|SWEEP|VERSION>  A run, a sweep (its best run), or MODEL/VERSION

    Options:
          --why <TEXT>     Why
          --policy <FILE>  Another sweep file whose [gate] holds
          --rule <RULE>    superior, non_inferior or absolute, in place of what the sweep file says
          --margin <X>     The margin of --rule non_inferior, in units of the metric
          --min-gain <X>   The gain that --rule superior asks for, in units of the metric
      -h, --help           Print help
    ");
    shows!(help(&place, "champion approve"), @"
    exit 0
    Let a version that waits become the champion

    Usage: derby champion approve [OPTIONS] --why <TEXT> <VERSION>

    Arguments:
      <VERSION>  MODEL/VERSION

    Options:
          --why <TEXT>  Why
      -h, --help        Print help
    ");
    shows!(help(&place, "champion reject"), @"
    exit 0
    Turn a version down

    Usage: derby champion reject [OPTIONS] --why <TEXT> <VERSION>

    Arguments:
      <VERSION>  MODEL/VERSION

    Options:
          --why <TEXT>  Why
      -h, --help        Print help
    ");
    shows!(help(&place, "champion retire"), @"
    exit 0
    Take a version out of use

    Usage: derby champion retire [OPTIONS] --why <TEXT> <VERSION>

    Arguments:
      <VERSION>  MODEL/VERSION

    Options:
          --why <TEXT>  Why
      -h, --help        Print help
    ");
    shows!(help(&place, "champion reopen"), @"
    exit 0
    Make a rejected, retired or waiting version a candidate again

    Usage: derby champion reopen [OPTIONS] --why <TEXT> <VERSION>

    Arguments:
      <VERSION>  MODEL/VERSION

    Options:
          --why <TEXT>  Why
      -h, --help        Print help
    ");
    shows!(help(&place, "champion rollback"), @"
    exit 0
    Go back to an earlier champion

    Usage: derby champion rollback [OPTIONS] --why <TEXT> [MODEL]

    Arguments:
      [MODEL]  The model [default: the only one]

    Options:
          --to <VERSION>  The version to go back to [default: the champion before]
          --why <TEXT>    Why
      -h, --help          Print help
    ");
    shows!(help(&place, "champion alias"), @r#"
    exit 0
    Set an alias of your own on a version, or remove it

    Usage: derby champion alias [OPTIONS] <ALIAS> [VERSION]

    Arguments:
      <ALIAS>    MODEL@ALIAS
      [VERSION]  The version

    Options:
          --remove      Remove the alias
          --why <TEXT>  Why [default: ""]
      -h, --help        Print help
    "#);
    shows!(help(&place, "champion verify"), @"
    exit 0
    Check the hash chain of a ledger, and that a head which is known from elsewhere is in it

    Usage: derby champion verify [OPTIONS] [MODEL]

    Arguments:
      [MODEL]  The model [default: every model]

    Options:
          --head <HASH>  A head that a report printed
          --trust        Take the ledger as it is now for the true one, where this store had seen
                         another
          --json         Print one JSON array
      -h, --help         Print help
    ");
    shows!(help(&place, "holdout"), @"
    exit 0
    See how often a holdout was asked, and start anew on new rows

    Usage: derby holdout [OPTIONS] <COMMAND>

    Commands:
      show     Show how often a model's holdout was asked, and what alpha is left
      refresh  Put the rows that were used aside and start anew on rows that came since
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help
    ");
    shows!(help(&place, "holdout show"), @"
    exit 0
    Show how often a model's holdout was asked, and what alpha is left

    Usage: derby holdout show [OPTIONS] [MODEL]

    Arguments:
      [MODEL]  The model [default: the only one]

    Options:
          --json  Print one JSON object
      -h, --help  Print help
    ");
    shows!(help(&place, "holdout refresh"), @"
    exit 0
    Put the rows that were used aside and start anew on rows that came since

    Usage: derby holdout refresh [OPTIONS] --why <TEXT> <FILE|SWEEP>

    Arguments:
      <FILE|SWEEP>  A sweep file, or a sweep of the store, with the data as it is now

    Options:
          --why <TEXT>  Why
      -h, --help        Print help
    ");
}

#[test]
fn verbs_of_models() {
    let place = Place::new();
    shows!(help(&place, "export"), @"
    exit 0
    Pack a model as a folder, or write it for other programs

    Usage: derby export [OPTIONS] --output <PATH> <MODEL>

    Arguments:
      <MODEL>  A run, a sweep (its best run), MODEL@ALIAS, MODEL/VERSION, or a bundle's folder

    Options:
      -o, --output <PATH>    The folder to write; the file, for onnx
          --format <FORMAT>  bundle (all that derby knows), onnx (one file for other programs) or mlflow
                             (a pyfunc folder) [default: bundle]
          --refit-all        Fit a run on all rows, the holdout's included: another model, which no gate
                             has judged
          --json             Print one JSON object
      -h, --help             Print help

    Examples:
      derby export 171 -o bundle && derby predict bundle new.csv | head
      derby export iris@champion --format onnx -o iris.onnx
      derby export iris@champion --format mlflow -o mlflow-model
    ");
    shows!(help(&place, "verify"), @"
    exit 0
    Check a packed model: every file's hash, and that it predicts as it did

    Usage: derby verify [OPTIONS] <BUNDLE>

    Arguments:
      <BUNDLE>  A bundle's folder, MODEL@ALIAS or MODEL/VERSION

    Options:
          --json  Print one JSON object
      -h, --help  Print help
    ");
    shows!(help(&place, "predict"), @"
    exit 0
    Predict the rows of a file

    Usage: derby predict [OPTIONS] <MODEL> <DATA>

    Arguments:
      <MODEL>  A bundle's folder, MODEL@ALIAS, MODEL/VERSION, or a run
      <DATA>   The rows: CSV, TSV, JSON lines

    Options:
      -o, --output <FILE>    The file to write, whole or not at all [default: standard output]
          --format <FORMAT>  csv or jsonl [default: by the output's extension, else csv]
      -j, --jobs <N>         Threads [default: all cores]
      -h, --help             Print help

    One line for each row of the file, in its order: row (from 1), prediction, and p_CLASS for each
    class where the model gives probabilities. Columns are found by name, and others are not read. What
    is notable (words never seen, missing cells, columns not read) is said on standard error.

    Examples:
      derby predict bundle new.csv | head
      derby predict iris@champion new.csv -o predictions.csv
      derby predict 171 new.jsonl --format jsonl
    ");
    shows!(help(&place, "reproduce"), @"
    exit 0
    Train a recorded run again and compare every score and prediction to the bit

    Usage: derby reproduce [OPTIONS] <RUN>

    Arguments:
      <RUN>  A run of a built-in model: 12, its name, or the start of its uuid

    Options:
          --json  Print one JSON object
      -h, --help  Print help
    ");
    shows!(help(&place, "explain"), @"
    exit 0
    Show which columns a model leans on, or why it predicted what it did

    Usage: derby explain [OPTIONS] <RUN|BUNDLE>

    Arguments:
      <RUN|BUNDLE>  A run, a sweep (its best run), MODEL@ALIAS, MODEL/VERSION, or a bundle's folder

    Options:
          --data <FILE>      These rows, target included: CSV, TSV, JSON lines
          --holdout          The holdout's rows, by the model fitted on the search rows: whoever mends a
                             model by what he sees there has used the holdout up
          --shap             Attribute every prediction to the columns (SHAP) instead of shuffling
                             columns
          --row <N>          Explain the prediction of one row, the first being 1, column by column
          --class <CLASS>    The class to explain [default: all; with --row the predicted one]
          --metric <METRIC>  The metric whose drop is measured [default: what the sweep aimed at]
          --repeats <N>      Shuffles of each column [default: 10]
          --together <R>     Shuffle columns together whose rank correlation is at least this
          --max-rows <N>     Rows to explain at most, drawn at random [default: 10000; with --shap 200,
                             or 20 where it is sampled]
      -n, --top <N>          Columns to list; 0: all [default: 20]
          --seed <N>         Seed of shuffles and draws [default: 0]
          --json             Print one JSON object
          --csv              Print comma-separated values
      -h, --help             Print help

    A run is explained on the search rows, each by the fold's model that has not seen it; nothing looks
    at the holdout unless --holdout says so. A bundle is explained on the rows of --data.

    Examples:
      derby explain 171                           which columns the score leans on
      derby explain 171 --shap --row 17           why row 17 got its prediction
      derby explain iris@champion --data new.csv
    ");
    shows!(help(&place, "errors"), @"
    exit 0
    Show where a model errs: confusion or residuals, worst rows, weakest segments

    Usage: derby errors [OPTIONS] <RUN|BUNDLE>

    Arguments:
      <RUN|BUNDLE>  A run, a sweep (its best run), MODEL@ALIAS, MODEL/VERSION, or a bundle's folder

    Options:
          --data <FILE>      These rows, target included: CSV, TSV, JSON lines
          --holdout          The holdout's rows, by the model fitted on the search rows: whoever mends a
                             model by what he sees there has used the holdout up
          --metric <METRIC>  The metric of the segments [default: what the sweep aimed at]
      -n, --top <N>          Worst rows to list [default: 10]
          --segments <N>     Weakest segments to list [default: 5]
          --seed <N>         Seed of draws [default: 0]
          --json             Print one JSON object
      -h, --help             Print help

    A run is looked at on the search rows, each predicted by the fold's model that has not seen it;
    nothing looks at the holdout unless --holdout says so. Rows count from 1.

    Examples:
      derby errors 171
      derby errors iris@champion --data new.csv --json
    ");
    shows!(help(&place, "importance"), @"
    exit 0
    Show which parameters made the difference in a sweep

    Usage: derby importance [OPTIONS] [SWEEP]

    Arguments:
      [SWEEP]  The sweep [default: the newest]

    Options:
          --method <METHOD>  ped-anova (what the best trials have in common), fanova (what moves the
                             score) or shap (what moved the score of the trials, and which way)
                             [default: ped-anova]
          --metric <METRIC>  Another objective of the sweep, or any other metric [default: the first
                             objective]
          --best <SHARE>     The share of trials that count as the best, for ped-anova [default: 0.1]
          --json             Print one JSON object
          --csv              Print comma-separated values
      -h, --help             Print help

    The methods ask different questions and may disagree. PED-ANOVA: which parameters set the best
    trials apart from the rest. fANOVA: which share of the score's variance over the whole space each
    explains by itself, and which pairs more together. SHAP: how much each moved the score of the trials
    that were made, and which values were better. fANOVA and SHAP ask a random forest that learns the
    score, from 2,000 trials at most.

    Trials that have a finite score count, whether they keep constraints or not; failed, pruned and
    killed ones do not. Intervals of 95 % say how much other such trials would change it, not whether
    the method or the forest is right (PED-ANOVA: 500 bootstrap resamples; fANOVA and SHAP: the forest's
    64 trees, each on a resample; 10 trials or more). A parameter that matters not at all has an
    interval near 0, not one that reaches it. A conditional parameter is judged where it is active, and
    a forest cannot take the choice that activates it for its own work.

    Examples:
      derby importance
      derby importance mnist --method shap
      derby importance mnist --method fanova --metric log_loss --json
    ");
    shows!(help(&place, "ensemble"), @"
    exit 0
    Choose runs of a sweep that are better together, and record them as one run

    Usage: derby ensemble [OPTIONS] [SWEEP]

    Arguments:
      [SWEEP]  The sweep [default: the newest]

    Options:
          --rounds <N>   Models that are added one by one, each as often as it helps [default: 50]
      -n, --top <N>      Choose among so many of the best runs [default: 50]
          --name <NAME>  Name of the ensemble's run [default: made up]
          --json         Print one JSON object
      -h, --help         Print help

    The ensemble is a run of its own, which can be gated, exported and predicted with as any other. Its
    score is of the out-of-fold predictions that it was chosen on, so it flatters; the nested score does
    not.

    Examples:
      derby ensemble mnist --name blend
      derby gate blend
    ");
}
