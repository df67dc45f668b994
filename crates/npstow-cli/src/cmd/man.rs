//! `npstow completions` and `npstow man`: made from the definitions, so they cannot be stale.
#![forbid(unsafe_code)]

use crate::args::{Cli, Completions, Man};
use crate::exit::Exit;
use clap::CommandFactory;
use npstow::{Error, Result};

pub(super) fn completions(args: &Completions) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "npstow", &mut text);
    super::print_bytes(&text)
}

pub(super) fn run(args: &Man) -> Result<Exit> {
    let failed = |e| Error::io("writing the manual", e);
    let Some(folder) = &args.folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(failed)?;
        return super::print_bytes(&text);
    };
    std::fs::create_dir_all(folder).map_err(|e| failed(e).in_path(folder))?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(|e| failed(e).in_path(folder))?;
    Ok(Exit::Done)
}
