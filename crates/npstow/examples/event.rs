//! The main job on the event in `examples/data`: arrays filled in Python, used in a compiled
//! program, and the results back to Python.
//!
//! ```sh
//! cargo run --release -p npstow --features derive --example event [DATA [OUT]]
//! ```
//!
//! Reads the photons as structs, without a copy; looks at one column of the hits; writes the
//! photons that were counted, and the light in every sensor, as `.npy` files; adds rows to one.

use npstow::{Array, Record, npy};
use std::path::PathBuf;

/// A row of `photons.npy`, which is `(n, 4, 4)` float32: four rows of four numbers.
#[derive(Clone, Copy, Debug, Record)]
#[repr(C)]
struct Photon {
    position: [f32; 3],
    time: f32,
    direction: [f32; 3],
    weight: f32,
    polarisation: [f32; 3],
    wavelength: f32,
    id: f32,
    step: f32,
    process: f32,
    flags: f32,
}

/// What is written for every sensor that saw light.
#[derive(Clone, Copy, Debug, Record)]
#[repr(C)]
struct Light {
    sensor: i32,
    first_time: f32,
    hits: u64,
    charge: f64,
}

impl Photon {
    /// The flags are a sum of powers of two, as float like all of the row; 4 is "counted".
    fn was_counted(&self) -> bool {
        (self.flags / 4.0).floor() % 2.0 == 1.0
    }
}

fn main() -> npstow::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data");
    let data = args.next().unwrap_or_else(|| shipped.into());
    let out = args.next().unwrap_or_else(|| std::env::temp_dir().join("npstow-event"));
    std::fs::create_dir_all(&out)
        .map_err(|e| npstow::Error::io("making the folder", e).in_path(&out))?;

    // Only the headers are read here.
    for name in ["photons", "hits", "names", "energy"] {
        let entry = npy::open(data.join(name).with_extension("npy"))?;
        println!("{name:8} {:?} of {}", entry.shape(), entry.dtype());
    }

    // An array of plain float32 as structs: no copy.
    let photons = npy::read(data.join("photons.npy"))?;
    let photons: &[Photon] = photons.as_rows()?;
    let counted: Vec<Photon> = photons.iter().copied().filter(Photon::was_counted).collect();
    let mean = photons.iter().map(|p| p.wavelength).sum::<f32>() / photons.len() as f32;
    println!("{} photons, {mean:.1} nm on average, {} counted", photons.len(), counted.len());

    // And back: structs as float32 of shape (n, 4, 4), which NumPy loads as such.
    let result = Array::from_vec(counted).view_as("<f4".parse()?, &[4, 4])?;
    npy::write(out.join("counted.npy"), &result)?;

    // The fields of a record array as columns.
    let hits = npy::read(data.join("hits.npy"))?;
    let (pmt, time, charge) = (hits.field("pmt")?, hits.field("time")?, hits.field("charge")?);
    let (pmt, time, charge) =
        (pmt.to_vec::<i16>()?, time.to_vec::<f32>()?, charge.to_vec::<f32>()?);
    let names = npy::read(data.join("names.npy"))?.to_strings()?;
    let mut light = Vec::new();
    for sensor in (0..).take(names.len()) {
        let of: Vec<usize> = (0..pmt.len()).filter(|&i| i32::from(pmt[i]) == sensor).collect();
        if of.is_empty() {
            continue;
        }
        let first_time = of.iter().map(|&i| time[i]).fold(f32::INFINITY, f32::min);
        let charge = of.iter().map(|&i| f64::from(charge[i])).sum();
        light.push(Light { sensor, first_time, hits: of.len() as u64, charge });
    }
    let most = light.iter().max_by(|a, b| a.charge.total_cmp(&b.charge));
    if let Some((most, name)) =
        most.and_then(|l| Some((l, names.get(usize::try_from(l.sensor).ok()?)?)))
    {
        println!("{} sensors saw light, {name} the most: {:.2}", light.len(), most.charge);
    }

    // A record array, and more rows for it: what a run does event by event.
    let path = out.join("light.npy");
    npy::write(&path, &Array::from_vec(light.clone()))?;
    npy::append(&path, &Array::from_vec(light))?;
    let entry = npy::open(&path)?;
    println!("wrote {} ({:?} of {})", path.display(), entry.shape(), entry.dtype());
    println!("try:  python3 -c \"import numpy; print(numpy.load('{}')[:3])\"", path.display());
    Ok(())
}
