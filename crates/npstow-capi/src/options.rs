//! Orders, and how trees are saved.

use crate::call::{ErrorOut, Text, done, look, need};
use crate::error::NpstowStatus;
use npstow::folder::Profile;
use npstow::joblib::Compressor;
use npstow::npy::{Version, WriteOptions};
use npstow::{
    Durability, Error, Format, MemoryOrder, Order, ReadOptions, Result, SaveOptions, hdf5, pickle,
};

/// In which order elements lie in memory: one of `NPSTOW_ORDER_…`.
pub type NpstowOrder = i32;
/// The last index runs fastest, as in C.
pub const NPSTOW_ORDER_C: NpstowOrder = 0;
/// The first index runs fastest, as in Fortran.
pub const NPSTOW_ORDER_F: NpstowOrder = 1;
/// As it is.
pub const NPSTOW_ORDER_KEEP: NpstowOrder = 2;

/// In which order the bytes of a number lie: one of `NPSTOW_BYTES_…`.
pub type NpstowByteOrder = i32;
/// As they are.
pub const NPSTOW_BYTES_KEEP: NpstowByteOrder = 0;
/// As this machine computes with them.
pub const NPSTOW_BYTES_NATIVE: NpstowByteOrder = 1;
/// The lowest first.
pub const NPSTOW_BYTES_LITTLE: NpstowByteOrder = 2;
/// The highest first.
pub const NPSTOW_BYTES_BIG: NpstowByteOrder = 3;

/// What must be on the disk before a file counts as saved: one of `NPSTOW_DURABILITY_…`. A crash
/// of the program leaves the old file or the new one whatever the choice, which is about a crash
/// of the machine.
pub type NpstowDurability = i32;
/// Nothing is waited for.
pub const NPSTOW_DURABILITY_NONE: NpstowDurability = 0;
/// The new data are waited for where an old file is replaced. The default.
pub const NPSTOW_DURABILITY_REPLACE: NpstowDurability = 1;
/// The new data are always waited for.
pub const NPSTOW_DURABILITY_FILE: NpstowDurability = 2;
/// The new data and the folder's entry are waited for.
pub const NPSTOW_DURABILITY_FULL: NpstowDurability = 3;

/// One of the two orders, or none.
pub(crate) fn memory_order(order: NpstowOrder) -> Result<Option<MemoryOrder>> {
    Ok(match order {
        NPSTOW_ORDER_C => Some(MemoryOrder::C),
        NPSTOW_ORDER_F => Some(MemoryOrder::F),
        NPSTOW_ORDER_KEEP => None,
        other => return Err(Error::invalid(format_args!("the memory order {other}"))),
    })
}

/// One of the two orders.
pub(crate) fn some_order(order: NpstowOrder) -> Result<MemoryOrder> {
    memory_order(order)?.ok_or_else(|| Error::invalid("NPSTOW_ORDER_KEEP where C or F is needed"))
}

pub(crate) fn order_number(order: MemoryOrder) -> NpstowOrder {
    if order == MemoryOrder::F { NPSTOW_ORDER_F } else { NPSTOW_ORDER_C }
}

pub(crate) fn byte_order(order: NpstowByteOrder) -> Result<Option<Order>> {
    Ok(match order {
        NPSTOW_BYTES_KEEP => None,
        NPSTOW_BYTES_NATIVE => Some(Order::NATIVE),
        NPSTOW_BYTES_LITTLE => Some(Order::Little),
        NPSTOW_BYTES_BIG => Some(Order::Big),
        other => return Err(Error::invalid(format_args!("the byte order {other}"))),
    })
}

/// How an array is to lie in memory.
pub(crate) fn reading(bytes: NpstowByteOrder, memory: NpstowOrder) -> Result<ReadOptions> {
    let mut options = ReadOptions::default();
    if let Some(order) = byte_order(bytes)? {
        options = options.byte_order(order);
    }
    if let Some(order) = memory_order(memory)? {
        options = options.memory_order(order);
    }
    Ok(options)
}

pub(crate) fn durability(number: NpstowDurability) -> Result<Durability> {
    Ok(match number {
        NPSTOW_DURABILITY_NONE => Durability::None,
        NPSTOW_DURABILITY_REPLACE => Durability::Replace,
        NPSTOW_DURABILITY_FILE => Durability::File,
        NPSTOW_DURABILITY_FULL => Durability::Full,
        other => return Err(Error::invalid(format_args!("the durability {other}"))),
    })
}

/// How arrays and trees are saved. One thread at a time.
#[derive(Default)]
pub struct NpstowSaveOptions {
    format: Option<Format>,
    level: Option<u8>,
    durability: Durability,
    npfold: bool,
    array: Option<WriteOptions>,
    pickle: Option<pickle::WriteOptions>,
    compressor: Option<Compressor>,
    latest: Option<bool>,
    resizable: bool,
}

impl NpstowSaveOptions {
    pub(crate) fn save(&self) -> SaveOptions {
        let mut options = SaveOptions::default().durability(self.durability);
        if let Some(format) = self.format {
            options = options.format(format);
        }
        if let Some(level) = self.level {
            options = options.compress(level);
        }
        if let Some(array) = &self.array {
            options = options.array(array.clone());
        }
        if let Some(pickle) = &self.pickle {
            options = options.pickle(pickle.clone());
        }
        if let Some(compressor) = self.compressor {
            options = options.compressor(compressor);
        }
        if self.latest.is_some() || self.resizable {
            let form = hdf5::WriteOptions::default();
            let form = if self.latest == Some(true) { form.latest() } else { form };
            options = options.hdf5(if self.resizable { form.resizable() } else { form });
        }
        if self.npfold {
            options = options.profile(Profile::NpFold);
        }
        options
    }

    /// For a pickle with nothing in it but data.
    pub(crate) fn laundering(&self) -> Result<SaveOptions> {
        if self.format.is_some_and(|format| format != Format::Pickle) {
            return Err(Error::unsupported("laundering into another format than pickle"));
        }
        let only_data = self.pickle.clone().unwrap_or_default().only_data(true);
        Ok(self.save().format(Format::Pickle).pickle(only_data))
    }

    /// For an archive, which has no use for what folders have.
    pub(crate) fn npz(&self) -> Result<npstow::npz::WriteOptions> {
        if self.npfold
            || self.pickle.is_some()
            || self.compressor.is_some()
            || self.latest.is_some()
            || self.resizable
            || self.format.is_some_and(|format| format != Format::Npz)
        {
            return Err(Error::invalid("options of another format for an archive"));
        }
        let mut options = npstow::npz::WriteOptions::default().durability(self.durability);
        if let Some(level) = self.level {
            options = options.compress(level);
        }
        if let Some(array) = &self.array {
            options = options.array(array.clone());
        }
        Ok(options)
    }

    pub(crate) fn format(&self) -> Option<Format> {
        self.format
    }
}

/// What is saved by default: the format that the path names, nothing compressed, in the place of
/// the old file when the new one is whole.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_new() -> Option<Box<NpstowSaveOptions>> {
    look(None, || Some(Box::default()))
}

/// The format, whatever the path's extension: "npy", "npz", "folder", "pickle", "joblib" or "hdf5".
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_format(
    options: Option<&mut NpstowSaveOptions>,
    format: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        options.format = Some(match format.get("format")? {
            "npy" => Format::Npy,
            "npz" => Format::Npz,
            "folder" => Format::Folder,
            "pickle" => Format::Pickle,
            "joblib" => Format::Joblib,
            "hdf5" => Format::Hdf5,
            other => return Err(Error::unsupported(format_args!("writing the format '{other}'"))),
        });
        Ok(())
    })
}

/// Compresses every array: 0 to 12, 6 is what others call normal; -1, the default, stores them.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_level(
    options: Option<&mut NpstowSaveOptions>,
    level: i32,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        options.level = match level {
            -1 => None,
            0..=12 => u8::try_from(level).ok(),
            _ => return Err(Error::invalid(format_args!("the level {level} (-1, or 0 to 12)"))),
        };
        Ok(())
    })
}

/// What is waited for before the file counts as saved.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_durability(
    options: Option<&mut NpstowSaveOptions>,
    durability: NpstowDurability,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        need(options, "options")?.durability = self::durability(durability)?;
        Ok(())
    })
}

/// Writes folders so that NP.hh and its `fold.py` read them; what those cannot read is refused.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_npfold(
    options: Option<&mut NpstowSaveOptions>,
    npfold: bool,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        need(options, "options")?.npfold = npfold;
        Ok(())
    })
}

/// Brings every array into a byte order, `NPSTOW_BYTES_KEEP` for none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_byte_order(
    options: Option<&mut NpstowSaveOptions>,
    order: NpstowByteOrder,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        if let Some(order) = byte_order(order)? {
            options.array = Some(options.array.take().unwrap_or_default().byte_order(order));
        }
        Ok(())
    })
}

/// Brings every array into a memory order, `NPSTOW_ORDER_KEEP` for none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_memory_order(
    options: Option<&mut NpstowSaveOptions>,
    order: NpstowOrder,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        if let Some(order) = memory_order(order)? {
            options.array = Some(options.array.take().unwrap_or_default().memory_order(order));
        }
        Ok(())
    })
}

/// The version of NPY headers: 1, 2 or 3. By default the first that can hold the header.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_version(
    options: Option<&mut NpstowSaveOptions>,
    major: u8,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        let version = match major {
            1 => Version::V1,
            2 => Version::V2,
            3 => Version::V3,
            _ => return Err(Error::unsupported(format_args!("version {major} of NPY (1 to 3)"))),
        };
        options.array = Some(options.array.take().unwrap_or_default().version(version));
        Ok(())
    })
}

/// The protocol of pickles: 2 to 5; 4, the default, is read by Python from 3.4 on.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_protocol(
    options: Option<&mut NpstowSaveOptions>,
    protocol: i32,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        let Ok(protocol @ 2..=5) = u8::try_from(protocol) else {
            let what = format_args!("writing pickle protocol {protocol} (2 to 5 are written)");
            return Err(Error::unsupported(what));
        };
        options.pickle = Some(options.pickle.take().unwrap_or_default().protocol(protocol));
        Ok(())
    })
}

/// Writes pickles that load without running anything but constructors of data that npstow knows:
/// other objects, classes and functions become dictionaries that say what they were.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_only_data(
    options: Option<&mut NpstowSaveOptions>,
    only_data: bool,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        options.pickle = Some(options.pickle.take().unwrap_or_default().only_data(only_data));
        Ok(())
    })
}

/// What packs a dump of joblib, by joblib's names: "none", "zlib", "gzip", "bz2", "lzma", "xz", "lz4".
/// By default what the path's extension says, as in `x.joblib.gz`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_compressor(
    options: Option<&mut NpstowSaveOptions>,
    compressor: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        let name = compressor.get("compressor")?;
        let unknown = || Error::unsupported(format_args!("packing with '{name}' as joblib does"));
        options.compressor = Some(Compressor::of_name(name).ok_or_else(unknown)?);
        Ok(())
    })
}

/// The form of an HDF5 file: "earliest", the default, which everything opens since 1.6, or "latest",
/// which keeps the order of names, and whose structures have checksums.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_libver(
    options: Option<&mut NpstowSaveOptions>,
    libver: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        options.latest = Some(match libver.get("libver")? {
            "earliest" => false,
            "latest" => true,
            other => return Err(Error::unsupported(format_args!("the form '{other}' of HDF5"))),
        });
        Ok(())
    })
}

/// Whether the arrays of an HDF5 file can grow along their first axis, so that rows can be appended
/// (`npstow_append`); text cannot.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_set_resizable(
    options: Option<&mut NpstowSaveOptions>,
    resizable: bool,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        need(options, "options")?.resizable = resizable;
        Ok(())
    })
}

/// Frees options.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_options_free(options: Option<Box<NpstowSaveOptions>>) {
    look((), || drop(options));
}
