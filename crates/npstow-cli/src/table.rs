//! Columns of text under one another, two spaces apart.
#![forbid(unsafe_code)]

/// To which side of its column a cell goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Longer cells do not make their column wider, and what follows them in their line is moved: or one
/// long name would make each of thousands of lines as long.
const WIDEST: usize = 256;

/// Lines of cells: one text and numbers, since there may be very many of them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    text: String,
    cells: Vec<Cell>,
    /// How many cells there are up to the end of each line.
    lines: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Where it ends in the text.
    end: usize,
    /// In characters.
    width: usize,
}

impl Table {
    /// Adds a cell to the line: what `put` adds to the text.
    pub(crate) fn cell_with(&mut self, put: impl FnOnce(&mut String)) {
        let start = self.text.len();
        put(&mut self.text);
        let added = &self.text[start..];
        let width = if added.is_ascii() { added.len() } else { added.chars().count() };
        self.cells.push(Cell { end: self.text.len(), width });
    }

    pub(crate) fn cell(&mut self, text: &str) {
        self.cell_with(|all| all.push_str(text));
    }

    pub(crate) fn end_line(&mut self) {
        self.lines.push(self.cells.len());
    }

    /// The cells of each line.
    fn lines(&self) -> impl Iterator<Item = &[Cell]> {
        let starts = std::iter::once(&0).chain(&self.lines);
        starts.zip(&self.lines).map(|(&start, &end)| &self.cells[start..end])
    }

    /// The text of it all, in columns as wide as [`widest`] says.
    pub(crate) fn aligned(&self, widths: &[usize], align: impl Fn(usize) -> Align) -> String {
        let line: usize = widths.iter().map(|width| width + 2).sum();
        let room = line.saturating_mul(self.lines.len()).min(self.text.len().saturating_mul(4));
        let mut out = String::with_capacity(room);
        let mut from = 0;
        for line in self.lines() {
            let start = out.len();
            for (at, (cell, width)) in line.iter().zip(widths).enumerate() {
                let text = &self.text[from..cell.end];
                from = cell.end;
                let missing = width.saturating_sub(cell.width);
                let (before, behind) = match align(at) {
                    Align::Left => (0, missing),
                    Align::Right => (missing, 0),
                };
                push_spaces(&mut out, before);
                out.push_str(text);
                push_spaces(&mut out, behind + 2);
            }
            let kept = out[start..].trim_end().len();
            out.truncate(start + kept);
            out.push('\n');
        }
        out
    }
}

/// How wide the columns are of tables that are to stand below one another.
pub(crate) fn widest<'a>(tables: impl IntoIterator<Item = &'a Table>) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for line in tables.into_iter().flat_map(Table::lines) {
        widths.resize(widths.len().max(line.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            if cell.width <= WIDEST {
                *width = cell.width.max(*width);
            }
        }
    }
    widths
}

fn push_spaces(out: &mut String, mut count: usize) {
    const SPACES: &str = "                                ";
    while count > 0 {
        let some = count.min(SPACES.len());
        out.push_str(&SPACES[..some]);
        count -= some;
    }
}

/// Lines of cells that are at hand.
pub(crate) fn aligned(lines: &[Vec<String>], align: impl Fn(usize) -> Align) -> String {
    let mut table = Table::default();
    for line in lines {
        line.iter().for_each(|cell| table.cell(cell));
        table.end_line();
    }
    table.aligned(&widest([&table]), align)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&[&str]]) -> Vec<Vec<String>> {
        lines.iter().map(|line| line.iter().map(|&cell| cell.to_owned()).collect()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let align = |at| if at == 1 { Align::Right } else { Align::Left };
        let text = aligned(&lines(&[&["a", "1", "x"], &["äöü", "234", ""], &["", "5"]]), align);
        assert_eq!(text, "a      1  x\näöü  234\n       5\n");
        assert_eq!(aligned(&[], align), "");
        assert_eq!(aligned(&lines(&[&[], &["", ""]]), align), "\n\n");
    }

    #[test]
    fn one_long_cell_does_not_make_all_lines_long() {
        let wide = "w".repeat(WIDEST);
        let text = aligned(&lines(&[&[&wide, "1"], &["", "2"]]), |_| Align::Left);
        assert_eq!(text, format!("{wide}  1\n{}2\n", " ".repeat(WIDEST + 2)));
        for len in [WIDEST + 1, 70_000] {
            let wider = "w".repeat(len);
            for align in [Align::Left, Align::Right] {
                let lines = lines(&[&[&wider, "1"], &["a", "2"]]);
                assert_eq!(aligned(&lines, |_| align), format!("{wider}  1\na  2\n"));
            }
        }
    }
}
