//! How the commands speak: the one place that prints, and the tables they print.

use std::fmt::Display;

/// One line to the terminal.
#[expect(
    clippy::print_stdout,
    reason = "these are command-line programs; this is where they speak"
)]
pub(crate) fn say(line: impl Display) {
    println!("{line}");
}

/// The title of a longer piece of work.
pub(crate) fn heading(title: impl Display) {
    say(format_args!("\n== {title}"));
}

/// Rows under a header, in columns as wide as their widest cell.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut lines = vec![
        line(&header, widths),
        line(&widths.map(|width| "-".repeat(width)), widths),
    ];
    lines.extend(rows.iter().map(|row| line(row, widths)));
    lines.join("\n")
}

fn line<const N: usize>(cells: &[impl Display; N], widths: [usize; N]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            ["a".to_owned(), "long cell".to_owned()],
            ["bb".to_owned(), "x".to_owned()],
        ];
        let expected = "part  state\n----  ---------\na     long cell\nbb    x";
        assert_eq!(table(["part", "state"], &rows), expected);
    }
}
