//! How trees are saved, as Python says it.
#![forbid(unsafe_code)]

use crate::node::memory_order;
use npstow::folder::Profile;
use npstow::npy::{self, Version};
use npstow::{Durability, Error, Format, Order, Result, SaveOptions, hdf5, npz, pickle};
use pyo3::prelude::*;

/// What the keywords of the functions that write say; `None` is the default of the library.
#[derive(Clone, Debug, FromPyObject)]
pub(crate) struct Saving {
    #[pyo3(item)]
    format: Option<String>,
    #[pyo3(item)]
    level: Option<i64>,
    #[pyo3(item)]
    order: Option<String>,
    #[pyo3(item)]
    byte_order: Option<String>,
    #[pyo3(item)]
    version: Option<(u8, u8)>,
    #[pyo3(item)]
    profile: Option<String>,
    #[pyo3(item)]
    protocol: Option<i64>,
    #[pyo3(item)]
    libver: Option<String>,
    #[pyo3(item)]
    resizable: Option<bool>,
    #[pyo3(item)]
    durability: Option<String>,
}

impl Saving {
    /// The options of a save; what is waited for, once more.
    pub(crate) fn options(&self) -> Result<(SaveOptions, Durability)> {
        let durability = durability(self.durability.as_deref())?;
        let mut options = SaveOptions::default().durability(durability);
        if let Some(format) = self.format()? {
            options = options.format(format);
        }
        if let Some(level) = self.level()? {
            options = options.compress(level);
        }
        if let Some(array) = self.array()? {
            options = options.array(array);
        }
        if let Some(protocol) = self.protocol {
            let known = u8::try_from(protocol).ok().filter(|known| (2..=5).contains(known));
            let protocol =
                known.ok_or_else(|| unknown("protocol", &protocol.to_string(), "from 2 to 5"))?;
            options = options.pickle(pickle::WriteOptions::default().protocol(protocol));
        }
        let resizable = self.resizable.unwrap_or_default();
        if self.libver.is_some() || resizable {
            let form = hdf5::WriteOptions::default();
            let form = match self.libver.as_deref() {
                None | Some("earliest") => form,
                Some("latest") => form.latest(),
                Some(other) => return Err(unknown("libver", other, "'earliest' or 'latest'")),
            };
            options = options.hdf5(if resizable { form.resizable() } else { form });
        }
        if let Some(profile) = &self.profile {
            options = options.profile(match profile.as_str() {
                "native" => Profile::Native,
                "npfold" => Profile::NpFold,
                other => return Err(unknown("profile", other, "'native' or 'npfold'")),
            });
        }
        Ok((options, durability))
    }

    /// The options of an archive that is changed.
    pub(crate) fn npz(&self) -> Result<npz::WriteOptions> {
        let durability = durability(self.durability.as_deref())?;
        let mut options = npz::WriteOptions::default().durability(durability);
        if let Some(level) = self.level()? {
            options = options.compress(level);
        }
        Ok(match self.array()? {
            Some(array) => options.array(array),
            None => options,
        })
    }

    fn level(&self) -> Result<Option<u8>> {
        let level = |level: i64| {
            let what = || unknown("level", &level.to_string(), "from 0 to 12");
            u8::try_from(level).map_err(|_| what())
        };
        self.level.map(level).transpose()
    }

    pub(crate) fn format(&self) -> Result<Option<Format>> {
        let Some(format) = &self.format else { return Ok(None) };
        let formats = [
            Format::Npy,
            Format::Npz,
            Format::Folder,
            Format::Pickle,
            Format::Joblib,
            Format::Hdf5,
        ];
        match formats.into_iter().find(|known| known.name() == format) {
            Some(format) => Ok(Some(format)),
            None => {
                let known = "'npy', 'npz', 'folder', 'pickle', 'joblib' or 'hdf5'";
                Err(unknown("format", format, known))
            }
        }
    }

    /// How each array is written, where that was said.
    fn array(&self) -> Result<Option<npy::WriteOptions>> {
        let (mut options, mut is_said) = (npy::WriteOptions::default(), false);
        if let Some(order) = memory_order(self.order.as_deref())? {
            (options, is_said) = (options.memory_order(order), true);
        }
        if let Some(order) = byte_order(self.byte_order.as_deref())? {
            (options, is_said) = (options.byte_order(order), true);
        }
        if let Some(version) = self.version {
            let versions = [Version::V1, Version::V2, Version::V3];
            let known = versions.into_iter().find(|known| known.numbers() == version);
            let (major, minor) = version;
            let version = known.ok_or_else(|| {
                unknown("version", &format!("({major}, {minor})"), "(1, 0), (2, 0) or (3, 0)")
            })?;
            (options, is_said) = (options.version(version), true);
        }
        Ok(is_said.then_some(options))
    }
}

fn byte_order(text: Option<&str>) -> Result<Option<Order>> {
    Ok(match text {
        None => None,
        Some("native") => Some(Order::NATIVE),
        Some("little") => Some(Order::Little),
        Some("big") => Some(Order::Big),
        Some(other) => return Err(unknown("byte_order", other, "'native', 'little' or 'big'")),
    })
}

/// What is waited for before a file counts as saved.
pub(crate) fn durability(text: Option<&str>) -> Result<Durability> {
    match text {
        None | Some("replace") => Ok(Durability::Replace),
        Some("none") => Ok(Durability::None),
        Some("file") => Ok(Durability::File),
        Some("full") => Ok(Durability::Full),
        Some(other) => Err(unknown("durability", other, "'none', 'replace', 'file' or 'full'")),
    }
}

fn unknown(what: &str, found: &str, known: &str) -> Error {
    Error::invalid(format!("{what}: '{found}' is not {known}"))
}
