//! `npstow launder`: a pickle or a dump of joblib written anew, with nothing in it but data.
#![forbid(unsafe_code)]

use crate::args::Launder;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::Place;
use crate::progress::Progress;
use crate::target::Target;
use npstow::{Error, Format, Item, Result, SaveOptions, Tree, pickle};

pub(super) fn run(args: &Launder, quiet: bool) -> Result<Exit> {
    let place = Place::new(&args.source);
    let node = place.node(&Progress::none())?;
    let value = node.value()?;
    let target = Target::new(&args.target, None, Format::Pickle, (args.form.json, quiet))?;
    if !target.has_objects() {
        let what = format!(
            "laundering into the format {}: convert writes only data there",
            target.format()
        );
        return Err(Error::unsupported(what).in_path(&place.path));
    }
    let tree = Tree::from(Item::try_from(&value)?);
    let options = pickle::WriteOptions::default().only_data(true).protocol(args.protocol);
    let options = SaveOptions::default().durability(args.durability.get()).pickle(options);
    target.save(tree, &place, options, &Progress::new(quiet))?;
    if args.form.json {
        super::print(&format!("{}\n", Json::Object(target.answer()?)))?;
    }
    Ok(Exit::Done)
}
