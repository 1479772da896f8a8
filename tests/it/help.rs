//! The help texts and what a package installs: documentation that must stay readable.

use crate::program::{Place, shows};

/// The part of a verb's help above the options that all verbs share.
pub(crate) fn help(place: &Place, verb: &str) -> String {
    let text = place.shown(&format!("{verb} --help"));
    let (own, shared) = text.split_once("Global options:").unwrap();
    assert!(shared.contains("--store <FOLDER>") && shared.contains("--color <WHEN>"), "{verb}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{verb}: a line is too wide");
    let after = shared.split_once("\n\n").map(|(_, after)| after).unwrap_or_default();
    format!("{own}{after}")
}

#[test]
fn the_program() {
    let place = Place::new();
    shows!(place.shown("--help"), @"
    exit 0
    Sweeps training configurations, tracks every run in SQLite, and compares them honestly

    Start with `derby sweep sweeps/breast_cancer.toml`, or with a data file of your own: `derby init
    DATA.csv`. Runs live in `.derby/` of the project's folder, found by walking up from here.

    Usage: derby [OPTIONS] [COMMAND]

    Commands:
      tui          Look at runs, steer sweeps and promote in the terminal; so does `derby` alone
      sweep        Run a sweep, or go on with it
      steer        Steer a sweep while it runs: pause, stop, more trials, a point by hand, another range
      ask          Ask for trials of a sweep that others carry out
      tell         Tell how a trial that was asked for ended
      sampler      Search by asking and telling over JSON lines, from any language, without a store
      run          Run any command once, and record it
      log          Record metrics from inside a script that derby runs
      check        Check a sweep file, and its data against it, and say all that is wrong
      space        Show the search space of a sweep file: its size, its ranges, some samples
      data         Profile a data file and check its quality
      init         Write a commented sweep file for a data file
      runs         List runs [alias: ls]
      show         Show everything about a run, or a sweep
      logs         Print the output of a run
      artifacts    List, print or copy the files that a run left behind
      diff         Compare two or more runs
      best         Print the best runs of a sweep
      sweeps       List sweeps
      gate         Judge whether a run may replace the champion: exit code 0, 3 or 4
      holdout      See how often a holdout was asked, and start anew on new rows
      explain      Show which columns a model leans on, or why it predicted what it did
      errors       Show where a model errs: confusion or residuals, worst rows, weakest segments
      importance   Show which parameters made the difference in a sweep
      ensemble     Choose runs of a sweep that are better together, and record them as one run
      champion     See, promote, approve and roll back the models in use
      reproduce    Train a recorded run again and compare every score and prediction to the bit
      export       Pack a model as a folder, or write it for other programs
      verify       Check a packed model: every file's hash, and that it predicts as it did
      predict      Predict the rows of a file
      models       List the model families, or the parameters of one
      note         Write a note on a run
      tag          Add tags to a run, or take them off
      rename       Give a run another name
      rm           Move runs to the bin, or back
      store        Check, back up, clean or merge the store
      plot         Draw a figure of a sweep, of runs or of a verdict as SVG or PNG
      report       Write a report of a sweep or a run in many forms, and compare it with an older one
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Global options:
          --store <FOLDER>
              The store's folder [default: the nearest .derby above this folder]
              
              [env: DERBY_STORE]

          --color <WHEN>
              When to use color: auto, always or never
              
              [default: auto]

    Exit codes:
        0  done, or the gate promotes
        1  failed (also: every trial of a sweep failed)
        2  usage, or a sweep file that does not check
        3  the gate holds: not proven better (the champion stays)
        4  the gate rejects, or a check, a verification or a reproduction failed
        5  a budget ran out with no result
       70  a bug of derby
       75  try again later (the store is locked, or another process drives the sweep)
      130  interrupted by Ctrl-C; the same command goes on
      143  terminated; the same command goes on
    ");
    shows!(place.shown("--version"), @r"
    exit 0
    derby 0.1.0
    ");
    let bare = place.derby(&[]);
    assert_eq!(bare.code, 1, "without a terminal it lists runs, and there is no store");
    assert!(bare.err.contains("derby sweep FILE makes one"), "{}", bare.err);
}

#[test]
fn verbs_about_sweep_files() {
    let place = Place::new();
    shows!(help(&place, "sweep"), @"
    exit 0
    Run a sweep, or go on with it

    Usage: derby sweep [OPTIONS] <FILE>

    Arguments:
      <FILE>  The sweep file: TOML, YAML or JSON

    Options:
          --trials <N>               How many trials to run in all
          --time <TIME>              Wall time of the sweep, e.g. 90s, 10m, 1h30m
          --patience <N>             Stop after so many trials without a better score
          --target <SCORE>           Stop once the score is this good
          --max-failed <N>           Stop after so many failed trials
          --min-improvement <LEAST>  Stop once no improvement above this is to be expected: a number, or
                                     noise for that of the best score
      -j, --jobs <N>                 Trials at a time [default: all cores]
          --timeout <TIME>           Wall time of one trial
          --memory <SIZE>            Memory that one fit may plan for, e.g. 2GB [default: half of what
                                     is free, shared by all jobs]
          --retry-failed             Run the failed trials of earlier sessions again
          --cpus <N>                 Cores of one run of a command [default: the machine's, shared by
                                     all jobs]
          --gpus <GPUS>              GPUs of one run: how many (0.5: two runs share one), or the devices
                                     to share out, e.g. 0-3
          --isolate                  Run every trial of a built-in model in a process of its own: a
                                     crash costs one trial, a timeout ends any fit, and each trial reads
                                     the data anew (about [time] for a small file)
          --monitor <TIME>           Time between two samples of a run's CPU, memory and disk, or false
                                     for none
          --warm-start <SWEEP>       An earlier sweep whose trials teach the sampler before its first
                                     one: a sweep of its own
          --set <KEY=VALUE>          Change any key of the file, e.g. --set search.seed=3: a sweep of
                                     its own
          --gate                     Then judge the best run against the champion: exit code 0 promote,
                                     3 hold, 4 reject; a verdict to promote is carried out as [gate]
                                     approval says
          --report <FILE>            Write a report; the extension says the form: .md, .html, .json,
                                     .xml (JUnit), .txt, metrics.txt
      -q, --quiet                    Print no progress
          --json                     Print the result as one JSON object
      -h, --help                     Print help
    ");
    shows!(help(&place, "steer"), @"
    exit 0
    Steer a sweep while it runs: pause, stop, more trials, a point by hand, another range

    Usage: derby steer [OPTIONS] <SWEEP> <COMMAND>

    Commands:
      pause     Start nothing new; what runs ends, and the process waits
      resume    Go on after a pause
      stop      Finish what runs, then end the sweep; the same `derby sweep FILE` goes on
      stop-run  End one run; its trial is over and not tried again
      trials    Change how many trials there are in all
      jobs      Change how many trials are at work at a time
      time      Change the time budget of all sessions together
      try       Ask a point next, e.g. try model=svm C=0.5 kernel=rbf
      range     Narrow or widen a range for what is asked next
      list      Show how the sweep is steered, and what was asked of it
      help      Print this message or the help of the given subcommand(s)

    Arguments:
      <SWEEP>  The sweep: its name, its number, or the start of its digest

    Options:
          --json  Print one JSON object
      -h, --help  Print help
    ");
    shows!(help(&place, "check"), @"
    exit 0
    Check a sweep file, and its data against it, and say all that is wrong

    Usage: derby check [OPTIONS] <FILE>...

    Arguments:
      <FILE>...  The sweep files

    Options:
          --set <KEY=VALUE>  Change any key of the file, e.g. --set search.seed=3: a sweep of its own
          --no-data          Look at the file alone, not at its data
          --json             Print one JSON array: every file with its problems
      -h, --help             Print help
    ");
    shows!(help(&place, "space"), @r"
    exit 0
    Show the search space of a sweep file: its size, its ranges, some samples

    Usage: derby space [OPTIONS] <FILE>

    Arguments:
      <FILE>  The sweep file

    Options:
          --samples <N>      How many sample configurations to print [default: 3]
          --set <KEY=VALUE>  Change any key of the file, e.g. --set search.seed=3: a sweep of its own
          --json             Print one JSON object
      -h, --help             Print help
    ");
}

#[test]
fn verbs_about_data() {
    let place = Place::new();
    shows!(help(&place, "data"), @r"
    exit 0
    Profile a data file and check its quality

    Usage: derby data [OPTIONS] <FILE>

    Arguments:
      <FILE>  A data file (CSV, TSV, JSON, JSON lines, SQLite), or a sweep file whose [data] to read

    Options:
          --target <COLUMN>  The target column, for the checks that need one
          --table <TABLE>    Table of a SQLite file
          --query <SQL>      Query on a SQLite file
          --json             Print one JSON object: identity, profile, findings
          --csv              Print the profile as comma-separated values
      -h, --help             Print help
    ");
    shows!(help(&place, "init"), @r"
    exit 0
    Write a commented sweep file for a data file

    Usage: derby init [OPTIONS] <DATA>

    Arguments:
      <DATA>  The data file

    Options:
          --target <COLUMN>  The target column [default: guessed from names and types]
          --table <TABLE>    Table of a SQLite file
          --query <SQL>      Query on a SQLite file
      -o, --output <FILE>    The sweep file to write [default: sweeps/NAME.toml]
          --force            Replace an existing file
      -h, --help             Print help
    ");
    shows!(help(&place, "models"), @r"
    exit 0
    List the model families, or the parameters of one

    Usage: derby models [OPTIONS] [FAMILY]

    Arguments:
      [FAMILY]  The family whose parameters to list

    Options:
          --json  Print one JSON array
      -h, --help  Print help
    ");
}

#[test]
fn verbs_about_runs() {
    let place = Place::new();
    shows!(help(&place, "runs"), @r"
    exit 0
    List runs

    Usage: derby runs [OPTIONS] [FILTER]...

    Arguments:
      [FILTER]...  Which runs, e.g. 'accuracy > 0.98 and (model = svm or C < 1)'; see below

    Options:
      -s, --sort <COLUMN>  Sort by a metric, a parameter or an attribute; '-' in front sorts descending
      -c, --columns <A,B>  Show these columns only
          --all-columns    Show columns that are equal in all rows, too
      -n, --top <N>        Show the first N rows, best first where a sweep's objective says what is best
          --deleted        Show the runs in the bin, and no others
          --each           Show a row for each replicate of a trial instead of their mean
          --json           Print one JSON array of whole objects
          --jsonl          Print one JSON object a line
          --csv            Print comma-separated values
      -h, --help           Print help

    Filters:
      word                     in the name, model, sweep, status, tags or note
      sweep:NAME  tag:KEY[=VALUE]  status:failed  note:TEXT  name:PATTERN*  experiment:NAME
      status:stale             marked as running, but its process is gone (status:running has these too)
      auc > 0.95  C <= 1e-2  model = svm  kernel != rbf  kernel in [rbf, poly]  note contains slow
      has:auc  C is undefined  params.C  metrics.auc  seconds > 2  started > -6h
      and  or  not  ( )        side by side means and
    Examples:
      derby runs sweep:digits --top 10
      derby runs 'roc_auc > 0.98 and (model = svm or C < 1)' --sort -roc_auc
      derby runs status:failed --columns model,reason
    ");
    shows!(help(&place, "show"), @r"
    exit 0
    Show everything about a run, or a sweep

    Usage: derby show [OPTIONS] <RUN|SWEEP>

    Arguments:
      <RUN|SWEEP>  A run (12, its name, the start of its uuid) or a sweep (sweep:NAME)

    Options:
          --json  Print one JSON object
      -h, --help  Print help
    ");
    shows!(help(&place, "diff"), @r"
    exit 0
    Compare two or more runs

    Usage: derby diff [OPTIONS] <RUN> <RUN>...

    Arguments:
      <RUN> <RUN>...  The runs: 12, a name, or the start of a uuid; differences are counted from the
                      first

    Options:
          --all   Show equal rows, too
          --json  Print one JSON object
          --csv   Print comma-separated values
      -h, --help  Print help
    ");
}

#[test]
fn verbs_about_sweeps() {
    let place = Place::new();
    shows!(help(&place, "best"), @"
    exit 0
    Print the best runs of a sweep

    Usage: derby best [OPTIONS] [SWEEP]

    Arguments:
      [SWEEP]  The sweep [default: the newest]

    Options:
          --metric <METRIC>  Rank by another metric
      -n, --top <N>          How many [default: 1]
          --front            The Pareto front of several objectives: every run that no other one beats
                             in all of them
          --each             Show a row for each replicate of a trial instead of their mean
          --json             Print one JSON array of whole objects
          --jsonl            Print one JSON object a line
          --csv              Print comma-separated values
      -h, --help             Print help
    ");
    shows!(help(&place, "sweeps"), @r"
    exit 0
    List sweeps

    Usage: derby sweeps [OPTIONS]

    Options:
          --json   Print one JSON array of whole objects
          --jsonl  Print one JSON object a line
          --csv    Print comma-separated values
      -h, --help   Print help
    ");
    shows!(help(&place, "report"), @"
    exit 0
    Write a report of a sweep or a run in many forms, and compare it with an older one

    Usage: derby report [OPTIONS] [SWEEP|RUN]

    Arguments:
      [SWEEP|RUN]  A sweep, or a run [default: the newest sweep]

    Options:
      -o, --output <FILE>    A file to write: .md, .html, .json, .xml (JUnit), .prom (OpenMetrics),
                             .txt; may be repeated
          --baseline <FILE>  An older report.json: shows metrics and parameters old, new and change
          --fail-on <LIMIT>  What must not be, e.g. 'roc_auc drop > 0.01', 'rmse rise > 2%' or 'accuracy
                             < 0.9'; may be repeated
          --title <TEXT>     The title, in place of the sweep's name
          --schema           Print the JSON Schema of report.json
      -h, --help             Print help

    The report has the newest verdict of the gate on these runs, and ends as it says: 0 promote or no
    verdict,
    3 hold, 4 reject or a limit of --fail-on is broken; 1 if no run is done. Times beyond a limit hold
    (3).

    Examples:
      derby report mnist
      derby report mnist -o report.html -o report.json
      derby report mnist --baseline main.json --fail-on 'roc_auc drop > 0.01' -o report.md
    ");
    shows!(help(&place, "plot"), @"
    exit 0
    Draw a figure of a sweep, of runs or of a verdict as SVG or PNG

    Usage: derby plot [OPTIONS] --output <FILE> <KIND> [SWEEP|RUN]...

    Arguments:
      <KIND>          The figure, one of those below
      [SWEEP|RUN]...  A sweep [default: the newest]; for curves, gate and figures of predictions, runs
                      too

    Options:
          --metric <METRIC>  The metric of curves [default: the objective]; for pareto, that of an axis:
                             twice for both
          --param <NAME>     A parameter of parallel, slice or contour, e.g. svm.C [default: the most
                             important]; may be repeated
          --class <CLASS>    The class of roc, pr or calibration [default: the positive one; every one,
                             of three or more]
      -o, --output <FILE>    The file to write; its extension says SVG or PNG
      -h, --help             Print help

    Figures of a sweep:
      history      scores by trial, and the best so far
      importance   which parameters made the difference
      parallel     a line for each run through its parameters
      slice        the score by each parameter
      contour      the score over two parameters
      curves       a metric of each run by step; of runs too
      pareto       one metric against another, and the front
      timeline     when each run was at work
    Figures of out-of-fold predictions, of the best runs of a sweep or of runs; never of the holdout:
      roc, pr      true and false positives; precision and recall
      calibration  what predicted probabilities come true
      confusion    predicted by true class
      residuals    what is left of the target
    Figure of a verdict:
      gate         the newest one that is recorded: the gain, its bounds, the slices

    Examples:
      derby plot history mnist -o history.svg
      derby plot contour mnist --param svm.C --param svm.gamma -o contour.png
      derby plot roc 12 13 -o roc.svg
      derby plot curves 12 13 --metric val_loss -o curves.png
    ");
}

#[test]
fn the_verb_of_the_screens() {
    let place = Place::new();
    shows!(help(&place, "tui"), @r#"
    exit 0
    Look at runs, steer sweeps and promote in the terminal; so does `derby` alone

    Usage: derby tui [OPTIONS] [SCREEN] [WHAT]...

    Arguments:
      [SCREEN]
              The screen to begin with: runs, run, compare, sweep, champions, data or start

      [WHAT]...
              What to show there: a filter, a run, runs, a sweep or a model

    Options:
          --theme <NAME>
              The look: terminal, dark, light, safe (for the color-blind), mono, or a .toml file of
              roles and colors
              
              [env: DERBY_THEME]

          --ascii
              Draw with ASCII only

          --no-mouse
              Leave the mouse to the terminal

          --read-only
              Change nothing: no tags, no steering, no promotion

          --list-keys
              Print the table of keys as Markdown and end

      -h, --help
              Print help (see a summary with '-h')

    Snapshots:
          --snapshot <SCREEN>
              Print that screen and end; needs no terminal

          --size <WxH>
              The size of the snapshot, columns × rows
              
              [default: 100x30]

          --keys <KEYS>
              Keys to press before it: `jj<enter>`, `/roc_auc > 0.98<enter>`

          --format <FORMAT>
              As text or as a picture

              Possible values:
              - text: Lines of text
              - svg:  A picture
              
              [default: text]

      -o, --output <FILE>
              Write it to this file

          --color <WHEN>
              When to use color: auto, always or never
              
              [default: auto]
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the help of four verbs, as it stands")]
fn verbs_around_commands() {
    let place = Place::new();
    shows!(help(&place, "run"), @r#"
    exit 0
    Run any command once, and record it

    Usage: derby run [OPTIONS] -- <COMMAND>...
           derby run [OPTIONS] --resume <RUN>

    Arguments:
      [COMMAND]...  The program and its arguments

    Options:
      -p, --param <NAME=VALUE>  A parameter, typed as in TOML: recorded, in DERBY_PARAM_NAME, and
                                wherever COMMAND says {NAME}
          --name <NAME>         The run's name [default: one is made up]
          --tag <TAG>           Tags: KEY or KEY=VALUE
          --note <TEXT>         A note on the run
          --experiment <NAME>   The experiment that the run belongs to [default: default]
          --parent <RUN>        The run that this one is a part of
          --metrics <SOURCE>    Where metrics come from: jsonl, exit_code, regex:PATTERN or file:PATH
                                [default: jsonl]
          --seed <N>            The seed, in DERBY_SEED and {seed} [default: 0]
          --timeout <TIME>      Wall time, e.g. 90s, 10m, 1h30m; then the command is ended
          --monitor <TIME>      Time between two samples of CPU, memory and disk, or false for none
                                [default: 10s]
          --resume <RUN>        Try a run again: its parameters, tags, command and checkpoint folder,
                                unless they are given
      -q, --quiet               Print nothing but what the command prints
      -h, --help                Print help

    Metrics are the lines of JSON that the command prints, like {"step": 3, "loss": 0.4}, and what it
    hands to derby log. In COMMAND, {NAME} is a parameter and {args} is --NAME=VALUE for each; {seed},
    {run}, {run_dir}, {artifacts}, {checkpoint} and {json} are what DERBY_SEED and kin say. Other braces
    stay as they are. Files in the folder DERBY_ARTIFACTS are kept; DERBY_CHECKPOINT is the same folder
    for every attempt (--resume).
    Exit code: the command's own, 128 + its signal if one ended it, 127 if it cannot be started; 130
    after Ctrl-C, 143 after a termination.
    Examples:
      derby run -p lr=0.1 -- python train.py --lr {lr}
      derby run -p lr=0.1 -p depth=3 --tag baseline -- ./train {args}
      derby run --metrics 'regex:loss: (?<loss>\S+)' -- ./train
      derby run --resume 12
    "#);
    shows!(help(&place, "log"), @r"
    exit 0
    Record metrics from inside a script that derby runs

    Usage: derby log [OPTIONS] <NAME=VALUE>...

    Arguments:
      <NAME=VALUE>...  Metrics, and step=N, fold=N or context=TEXT that they belong to

    Options:
      -h, --help  Print help

    For scripts that derby runs: derby run, or a sweep with [command]. Without a step, a metric counts
    its values from 0.
    Examples:
      derby log loss=0.4 accuracy=0.91 step=3
      derby log accuracy=0.88 fold=2
    ");
    shows!(help(&place, "logs"), @r"
    exit 0
    Print the output of a run

    Usage: derby logs [OPTIONS] <RUN>

    Arguments:
      <RUN>  A run: 12, its name, or the start of its uuid

    Options:
      -f, --follow     Go on printing until the run is over
          --stdout     What the command wrote to stdout, and nothing else
          --stderr     What the command wrote to stderr, and nothing else
      -n, --lines <N>  The last so many lines
          --times      Put the time since the run's start, and the stream, before each line
      -h, --help       Print help
    ");
    shows!(help(&place, "artifacts"), @r"
    exit 0
    List, print or copy the files that a run left behind

    Usage: derby artifacts [OPTIONS] <RUN> [PATH]

    Arguments:
      <RUN>   A run: 12, its name, or the start of its uuid
      [PATH]  The file to print

    Options:
      -o, --output <FILE|FOLDER>  Write to this file; without PATH, copy all files into this folder
          --force                 Replace files that are there
          --json                  Print one JSON array: path, digest, size
      -h, --help                  Print help

    Examples:
      derby artifacts 12
      derby artifacts 12 model.bin -o best.bin
      derby artifacts 12 -o files/
    ");
}

#[test]
fn verbs_that_change() {
    let place = Place::new();
    shows!(help(&place, "note"), @r"
    exit 0
    Write a note on a run

    Usage: derby note [OPTIONS] <RUN> <TEXT>

    Arguments:
      <RUN>   A run: 12, its name, or the start of its uuid
      <TEXT>  The text; an empty one takes the note away

    Options:
      -h, --help  Print help
    ");
    shows!(help(&place, "tag"), @r"
    exit 0
    Add tags to a run, or take them off

    Usage: derby tag [OPTIONS] <RUN> <TAG>...

    Arguments:
      <RUN>     A run: 12, its name, or the start of its uuid
      <TAG>...  Tags: KEY or KEY=VALUE

    Options:
          --remove  Take the tags off
      -h, --help    Print help
    ");
    shows!(help(&place, "rename"), @r"
    exit 0
    Give a run another name

    Usage: derby rename [OPTIONS] <RUN> <NAME>

    Arguments:
      <RUN>   A run: 12, its name, or the start of its uuid
      <NAME>  Its new name

    Options:
      -h, --help  Print help
    ");
    shows!(help(&place, "rm"), @r"
    exit 0
    Move runs to the bin, or back

    Usage: derby rm [OPTIONS] <RUN>...

    Arguments:
      <RUN>...  The runs: 12, a name, or the start of a uuid

    Options:
          --restore  Take them out of the bin again
      -h, --help     Print help
    ");
    shows!(help(&place, "store"), @r"
    exit 0
    Check, back up, clean or merge the store

    Usage: derby store [OPTIONS] <COMMAND>

    Commands:
      check   Look for damage: database, objects, leases
      backup  Copy the whole store while it is in use
      gc      Empty the bin of what lies there for 30 days, and drop what nothing refers to
      merge   Take over the runs of another store; twice is the same as once
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help
    ");
    shows!(help(&place, "store gc"), @r"
    exit 0
    Empty the bin of what lies there for 30 days, and drop what nothing refers to

    Usage: derby store gc [OPTIONS]

    Options:
          --all      Empty the whole bin
          --dry-run  Only say what would go
      -h, --help     Print help
    ");
    shows!(help(&place, "completions"), @r"
    exit 0
    Print a completion script for a shell

    Usage: derby completions [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  The shell [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help  Print help
    ");
}

#[test]
fn no_verb_is_without_a_snapshot() {
    let place = Place::new();
    let help = place.derby(&["--help"]).out;
    let (_, verbs) = help.split_once("Commands:\n").unwrap();
    let verbs = verbs.lines().take_while(|line| !line.is_empty());
    let here = concat!(
        include_str!("help.rs"),
        include_str!("help_models.rs"),
        include_str!("ask_tell.rs")
    );
    for verb in verbs.filter_map(|line| line.split_whitespace().next()).filter(|v| *v != "help") {
        assert!(here.contains(&format!("help(&place, \"{verb}\")")), "{verb} has no snapshot");
    }
}

#[test]
fn completions_and_manual_pages() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = place.derby(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.out.contains("derby") && ran.out.contains("max-failed"), "{shell}");
    }
    assert_eq!(place.derby(&["man", "pages"]).code, 0);
    let pages: Vec<String> = std::fs::read_dir(place.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in ["derby.1", "derby-sweep.1", "derby-store-gc.1"] {
        assert!(pages.iter().any(|name| name == page), "{page} is missing of {pages:?}");
    }
    let page = std::fs::read_to_string(place.path("pages/derby-sweep.1")).unwrap();
    assert!(page.starts_with('.') && page.contains("patience"), "{page}");
}
