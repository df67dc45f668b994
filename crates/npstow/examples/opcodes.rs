//! Lists the opcodes of pickles, as `python -m pickletools` does, without Python.
//!
//! ```sh
//! cargo run --release -p npstow --features pickle --example opcodes FILE...
//! ```
//!
//! One line for each opcode: its offset, its name, what follows it. A line with `fault` where a
//! file is no pickle from there on. Nothing in it is run.

use npstow::pickle::{Argument, opcodes};
use std::io::{BufWriter, Write};

/// What follows an opcode: numbers in decimal, bytes in hexadecimal.
fn shown(argument: Argument<'_>) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match argument {
        Argument::Line(line) => hex(line),
        Argument::Lines(first, second) => format!("{} {}", hex(first), hex(second)),
        Argument::Unsigned(value) => value.to_string(),
        Argument::Signed(value) => value.to_string(),
        Argument::Float(value) => format!("{:016x}", value.to_bits()),
        Argument::Bytes(bytes) => hex(bytes),
        _ => String::new(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for path in std::env::args_os().skip(1) {
        let bytes = std::fs::read(&path)?;
        writeln!(out, "{}", path.to_string_lossy())?;
        for found in opcodes(&bytes) {
            match found {
                Ok(found) => {
                    writeln!(out, "{} {} {}", found.offset, found.name, shown(found.argument))?;
                }
                Err(e) => writeln!(out, "{} fault {e}", e.offset().unwrap_or_default())?,
            }
        }
    }
    out.flush()?;
    Ok(())
}
