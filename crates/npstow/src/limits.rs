//! What a file may claim before any of it is verified.
#![forbid(unsafe_code)]

use crate::{Error, Result};

/// Bounds on what reading a file may cost; every check in the library is against these.
///
/// The defaults let any file through that NumPy itself writes, and stop what is crafted to hurt:
/// none of them bounds the size of an array that the file really holds.
///
/// ```
/// use npstow::Limits;
/// let strict = Limits::default().header_len(10_000).array_nbytes(1 << 30);
/// assert_eq!(strict.max_header_len(), 10_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    header_len: u64,
    depth: usize,
    array_nbytes: u64,
    members: u64,
    ratio: u64,
    total: u64,
    values: u64,
    missing_parts: u64,
}

/// What a member may unpack to whatever its ratio: small ones hurt nobody.
const RATIO_GRACE: u64 = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_len: 1 << 20,
            depth: 64,
            array_nbytes: u64::MAX,
            members: 1 << 20,
            ratio: 1100,
            total: u64::MAX,
            values: 1 << 30,
            missing_parts: 0,
        }
    }
}

impl Limits {
    /// No bounds but those of the machine: for files that you trust.
    #[must_use]
    pub fn none() -> Self {
        // Nesting stays bounded: the parsers of headers recurse.
        Self {
            header_len: u64::MAX,
            depth: 128,
            array_nbytes: u64::MAX,
            members: u64::MAX,
            ratio: u64::MAX,
            total: u64::MAX,
            values: u64::MAX,
            // No bound of the machine: elements that are not there would pass for data.
            missing_parts: 0,
        }
    }

    /// The longest text of an NPY header, in bytes. Default 1 MiB; NumPy's own default is 10,000
    /// characters, yet it writes version 2.0 only for headers of more than 65,535 bytes.
    #[must_use]
    pub fn header_len(mut self, bytes: u64) -> Self {
        self.header_len = bytes;
        self
    }

    /// How deep lists, tuples, records and groups may lie in one another. Default 64, at most 128.
    #[must_use]
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels.min(128);
        self
    }

    /// The largest array that is read into memory, in bytes. Default: no bound but the file's size.
    #[must_use]
    pub fn array_nbytes(mut self, bytes: u64) -> Self {
        self.array_nbytes = bytes;
        self
    }

    /// How many members an archive or a folder may have. Default 1,048,576.
    #[must_use]
    pub fn members(mut self, count: u64) -> Self {
        self.members = count;
        self
    }

    /// How many times longer a deflated member may become when it is unpacked. Default 1100:
    /// deflate ends at 1032, so this stops false claims only. Other methods go further on bytes
    /// that are all the same, and may: LZMA 16 times as far, Zstandard 64, bzip2 2048. What
    /// unpacks to at most 1 MiB is always allowed.
    #[must_use]
    pub fn ratio(mut self, times: u64) -> Self {
        self.ratio = times;
        self
    }

    /// How many bytes all members of an archive may unpack to together, and how many bytes of a
    /// pickle are held in memory, long strings and arrays not counted. Default: no bound.
    #[must_use]
    pub fn total(mut self, bytes: u64) -> Self {
        self.total = bytes;
        self
    }

    /// How many values a pickle may have that are more than small numbers. Default 1,073,741,824;
    /// each takes at least a byte of the file and some thirty of memory.
    #[must_use]
    pub fn values(mut self, count: u64) -> Self {
        self.values = count;
        self
    }

    /// How many parts of a virtual dataset of HDF5 may be missing: their elements are the fill value
    /// then, as libhdf5 has it without a word, and [`Entry::left_out`](crate::Entry::left_out) says
    /// which they are. Default 0: a dataset with a missing part is refused.
    #[must_use]
    pub fn missing_parts(mut self, count: u64) -> Self {
        self.missing_parts = count;
        self
    }

    /// How many parts of a virtual dataset may be missing.
    #[must_use]
    pub fn max_missing_parts(&self) -> u64 {
        self.missing_parts
    }

    /// How many values a pickle may have that are more than small numbers.
    #[must_use]
    pub fn max_values(&self) -> u64 {
        self.values
    }

    /// The longest text of an NPY header, in bytes.
    #[must_use]
    pub fn max_header_len(&self) -> u64 {
        self.header_len
    }

    /// How deep lists, tuples, records and groups may lie in one another.
    #[must_use]
    pub fn max_depth(&self) -> usize {
        self.depth
    }

    /// The largest array that is read into memory, in bytes.
    #[must_use]
    pub fn max_array_nbytes(&self) -> u64 {
        self.array_nbytes
    }

    /// How many members an archive or a folder may have.
    #[must_use]
    pub fn max_members(&self) -> u64 {
        self.members
    }

    /// How many times longer a deflated member may become when it is unpacked.
    #[must_use]
    pub fn max_ratio(&self) -> u64 {
        self.ratio
    }

    /// How many bytes all members of an archive may unpack to together.
    #[must_use]
    pub fn max_total(&self) -> u64 {
        self.total
    }

    /// Refuses more members than allowed.
    pub(crate) fn check_members(&self, count: u64) -> Result<()> {
        if count > self.members {
            return Err(Error::limit("a number of members", self.members, count));
        }
        Ok(())
    }

    /// The longest that a packed member may become; `reach` is how much further than deflate its
    /// method goes.
    pub(crate) fn most_unpacked(&self, packed: u64, reach: u64) -> u64 {
        packed.saturating_mul(self.ratio.saturating_mul(reach)).saturating_add(RATIO_GRACE)
    }

    /// Refuses a packed member that claims to become too long.
    pub(crate) fn check_ratio(&self, packed: u64, unpacked: u64, reach: u64) -> Result<()> {
        if unpacked > self.most_unpacked(packed, reach) {
            let found = format_args!("{packed} bytes that become {unpacked}");
            let most = self.ratio.saturating_mul(reach);
            return Err(Error::limit("a ratio of unpacking", most, found));
        }
        Ok(())
    }

    /// Refuses members that unpack to more than allowed, all together.
    pub(crate) fn check_total(&self, bytes: u64) -> Result<()> {
        if bytes > self.total {
            return Err(Error::limit("all members together (bytes)", self.total, bytes));
        }
        Ok(())
    }

    /// Refuses an array of more bytes than allowed.
    pub(crate) fn check_array(&self, nbytes: u64) -> Result<()> {
        if nbytes > self.array_nbytes {
            return Err(Error::limit("an array (bytes)", self.array_nbytes, nbytes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive_and_small_members_are_free() {
        let limits = Limits::default().members(3).ratio(10).total(100);
        assert!(limits.check_members(3).is_ok() && limits.check_members(4).is_err());
        assert!(limits.check_total(100).is_ok() && limits.check_total(101).is_err());
        assert!(limits.check_ratio(0, RATIO_GRACE, 1).is_ok());
        assert!(limits.check_ratio(5, RATIO_GRACE + 50, 1).is_ok());
        assert!(limits.check_ratio(5, RATIO_GRACE + 100, 2).is_ok());
        let e = limits.check_ratio(5, RATIO_GRACE + 51, 1).unwrap_err();
        assert_eq!(
            e.to_string(),
            "expected a ratio of unpacking of at most 10, found 5 bytes that become 1048627"
        );
        assert!(Limits::none().check_ratio(1, u64::MAX, 1).is_ok());
    }
}
