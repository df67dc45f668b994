//! The event that ships with the project reads as the README says.

use super::support::project;
use npstow::npy;

#[test]
fn the_event_is_there() {
    let data = project().join("examples/data");
    let photons = npy::read(data.join("photons.npy")).unwrap();
    assert_eq!((photons.dtype().to_string().as_str(), &photons.shape()[1..]), ("<f4", &[4, 4][..]));
    let hits = npy::open(data.join("hits.npy")).unwrap();
    let record = hits.dtype().as_record().unwrap();
    assert!(record.field("pmt").is_some() && record.field("time").is_some());
    let names = npy::read(data.join("names.npy")).unwrap();
    assert_eq!(names.ndim(), 1);
    let energy = npy::view(data.join("energy.npy")).unwrap();
    assert_eq!(energy.shape()[1], 2);
    assert!(energy.as_slice::<f64>().unwrap().iter().all(|x| x.is_finite()));
}
