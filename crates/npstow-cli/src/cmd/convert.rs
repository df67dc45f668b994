//! `npstow convert`: arrays written anew.
#![forbid(unsafe_code)]

use crate::args::Convert;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::Place;
use crate::progress::Progress;
use crate::target::Target;
use npstow::{Error, Item, Result, SaveOptions, Tree, npy, pickle};

pub(super) fn run(args: &Convert, quiet: bool) -> Result<Exit> {
    let place = Place::new(&args.source);
    let node = place.node(&Progress::none())?;
    let to = args.saving.to.map(Into::into);
    let target = Target::new(&args.target, to, node.file().format(), (args.form.json, quiet))?;
    let progress = Progress::new(quiet);
    let tree = match node.value() {
        // From one pickle to another, lists stay lists and objects stay objects.
        Ok(value) if target.has_objects() => Item::try_from(&value).map(Tree::from),
        _ if args.data_only => node.to_data_tree(),
        _ => node.to_tree(),
    };
    let tree = tree?;
    if let (true, Some((name, why))) = (target.is(node.file().path()), node.left_out().first()) {
        let of = if name.is_empty() { String::new() } else { format!("{name}: ") };
        let what = format!("the file, which is not replaced by what was read of it: {of}{why}");
        return Err(Error::exists(what).in_path(node.file().path()));
    }
    target.save(tree, &place, options(args), &progress)?;
    drop(progress);
    super::say_left_out(&node);
    if args.form.json {
        super::print(&format!("{}\n", Json::Object(target.answer()?)))?;
    }
    Ok(Exit::Done)
}

fn options(args: &Convert) -> SaveOptions {
    let mut options = args.saving.options();
    if let Some(protocol) = args.protocol {
        options = options.pickle(pickle::WriteOptions::default().protocol(protocol));
    }
    let (order, byte_order) = (args.order.get(), args.byte_order.get());
    let version = args.format_version.get();
    if order.is_none() && byte_order.is_none() && version.is_none() {
        return options;
    }
    let mut array = npy::WriteOptions::default();
    if let Some(order) = order {
        array = array.memory_order(order);
    }
    if let Some(order) = byte_order {
        array = array.byte_order(order);
    }
    if let Some(version) = version {
        array = array.version(version);
    }
    options.array(array)
}
