//! What is measured, by its name.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

/// One name of `--only`: the acceptance bars it covers, and what is run for it.
pub(super) struct Bar {
    pub(super) name: &'static str,
    /// Their numbers, for people.
    numbers: &'static str,
    about: &'static str,
    pub(super) runs: &'static [Run],
}

/// One measurement: the key of its figures, and how they are had.
pub(super) struct Run {
    pub(super) key: &'static str,
    pub(super) by: By,
}

/// Who measures.
pub(super) enum By {
    /// `usher-gateway lab` with these arguments.
    Lab(&'static [&'static str]),
    /// The same, beside the server's program.
    Portal,
    /// The allocator's own tests and bench.
    Allocator,
}

const fn lab(key: &'static str, arguments: &'static [&'static str]) -> Run {
    Run {
        key,
        by: By::Lab(arguments),
    }
}

/// Everything, in the order in which it is measured.
pub(super) const BARS: [Bar; 12] = [
    Bar {
        name: "allocate",
        numbers: "1",
        about: "a million divisions keep every promise; ten thousand clients divided",
        runs: &[Run {
            key: "allocate",
            by: By::Allocator,
        }],
    },
    Bar {
        name: "share",
        numbers: "2, 3",
        about: "six clients that want different things, beside one queue and fixed parts",
        runs: &[lab("share", &["share", "--vs", "fifo,static"])],
    },
    Bar {
        name: "inner",
        numbers: "4",
        about: "pages and calls of a client beside its own transfers and a flood",
        runs: &[lab("inner", &["inner", "--vs", "pfifo,plain"])],
    },
    Bar {
        name: "weights",
        numbers: "5",
        about: "weights and caps against the allocation that is right",
        runs: &[lab("weights", &["weights", "1:2:4,caps"])],
    },
    Bar {
        name: "converge",
        numbers: "6",
        about: "somebody comes and goes; the link is changed",
        runs: &[lab("converge", &["converge"])],
    },
    Bar {
        name: "capacity",
        numbers: "7",
        about: "a satellite link that changes without a word, low and high",
        runs: &[
            lab("capacity-leo", &["capacity", "leo"]),
            lab("capacity-geo", &["capacity", "geo", "--sources", "told"]),
        ],
    },
    Bar {
        name: "scale",
        numbers: "8",
        about: "what ten thousand clients cost to keep, beside tc -batch",
        runs: &[lab("scale", &["scale", "10000"])],
    },
    Bar {
        name: "backlog",
        numbers: "9",
        about: "thousands who all want more than there is",
        runs: &[lab("backlog", &["backlog", "1000,10000", "--link", "100M"])],
    },
    Bar {
        name: "gate",
        numbers: "10, without a server",
        about: "who is not signed in reaches the portal and nothing else",
        runs: &[lab("gate", &["gate"])],
    },
    Bar {
        name: "portal",
        numbers: "10",
        about: "signing in and out through the real server, tricks, floods of strangers",
        runs: &[Run {
            key: "portal",
            by: By::Portal,
        }],
    },
    Bar {
        name: "chaos",
        numbers: "11",
        about: "killed, restarted, robbed of its classes, taken down",
        runs: &[lab("chaos", &["chaos"])],
    },
    Bar {
        name: "sim",
        numbers: "12",
        about: "the simulator twice with one seed, and beside the kernel",
        runs: &[lab("sim", &["sim", "--seed", "7"])],
    },
];

/// The names, for `--help`.
pub(super) fn help() -> String {
    let mut text = String::from("Names for --only, and the acceptance bars they are:\n");
    for bar in &BARS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:9} {} (bar {})", bar.name, bar.about, bar.numbers);
    }
    text + "\nExample: cargo xtask lab --only share,weights --json lab.json"
}

/// Those with these names; all when there are none.
pub(super) fn chosen(names: &[String]) -> Result<Vec<&'static Bar>> {
    for name in names {
        let known: Vec<&str> = BARS.iter().map(|bar| bar.name).collect();
        ensure!(
            known.contains(&name.as_str()),
            "no bar is called {name}; there are {}",
            known.join(", ")
        );
    }
    let wanted = |bar: &&Bar| names.is_empty() || names.iter().any(|name| name == bar.name);
    Ok(BARS.iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_chosen_by_name_and_a_wrong_name_is_told_the_right_ones() {
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let found = chosen(&names(&["sim", "share"])).unwrap();
        assert_eq!(
            found.iter().map(|bar| bar.name).collect::<Vec<_>>(),
            ["share", "sim"]
        );
        assert_eq!(chosen(&[]).unwrap().len(), BARS.len());
        let error = chosen(&names(&["shares"])).map(|_| ()).unwrap_err().to_string();
        assert!(
            error.contains("shares") && error.contains("share, inner"),
            "{error}"
        );
    }
}
