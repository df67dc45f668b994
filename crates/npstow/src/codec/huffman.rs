//! Huffman codes of deflate blocks (RFC 1951 3.2.2), for a walk over data that are known.
#![forbid(unsafe_code)]

use super::bits::Bits;

/// The longest word of a code, in bits.
const LONGEST: usize = 15;

/// The word that a code has for a symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// The bits, first bit lowest; 0x8000, which is no word, where the symbol has none.
    bits: u16,
    /// The bits to compare.
    mask: u16,
    len: u32,
}

impl Word {
    pub(super) const NONE: Self = Self { bits: 0x8000, mask: 0x8000, len: 0 };

    /// Whether it is what `buffer` begins with.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // The low bits are meant.
    pub(super) fn begins(self, buffer: u64) -> bool {
        // Fifteen bits, so that no word begins nothing.
        (buffer as u16 & 0x7fff ^ self.bits) & self.mask == 0
    }

    #[inline(always)]
    pub(super) fn len(self) -> u32 {
        self.len
    }
}

/// Writes the words of the code in which they have these lengths; false where there is none.
///
/// A code has to be complete, but for that of a single word of one bit, and that of no words.
#[must_use]
pub(super) fn words(lens: &[u8], words: &mut [Word]) -> bool {
    let mut counts = [0u32; LONGEST + 1];
    for len in lens {
        counts[usize::from(*len) & LONGEST] += 1;
    }
    counts[0] = 0;
    let mut next = [0u32; LONGEST + 1];
    let mut used = 0;
    for (next, count) in next.iter_mut().zip(counts) {
        // In words of the length at hand.
        used *= 2;
        *next = used;
        used += count;
    }
    let total: u32 = counts.iter().sum();
    let single = total == 0 || total == 1 && counts[1] == 1;
    if used > 1 << LONGEST || used < 1 << LONGEST && !single {
        return false;
    }
    words.fill(Word::NONE);
    for (word, &len) in words.iter_mut().zip(lens).filter(|(_, len)| **len > 0) {
        let next = &mut next[usize::from(len) & LONGEST];
        // The first bit of a word is its highest.
        let bits = (*next << (32 - u32::from(len))).reverse_bits();
        *next += 1;
        let mask = (1 << len) - 1;
        *word = Word { bits: u16::try_from(bits).unwrap_or(mask), mask, len: len.into() };
    }
    true
}

/// What a word and the extra bits behind it mean.
///
/// From bit 0: the bits of both (6); from 8: the bits of the word (6), zero where there is no
/// symbol; from 16: what it means where the extra bits are zero (16); from 32: the mask of the
/// extra bits. In one number, because looking them up one by one made the walk a third slower.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol(u64);

impl Symbol {
    pub(super) const NONE: Self = Self(0);

    const fn new(base: u64, extra: u64) -> Self {
        Self(extra | base << 16 | ((1 << extra) - 1) << 32)
    }

    fn behind(self, word: Word) -> Self {
        Self(self.0 + u64::from(word.len) * (1 | 1 << 8))
    }

    #[inline(always)]
    fn is_none(self) -> bool {
        self.0 & 63 << 8 == 0
    }

    /// Takes its bits; what it means.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // 16 bits each, or the low ones are meant.
    pub(super) fn take(self, bits: &mut Bits<'_>) -> usize {
        let extra = bits.buffer() >> (self.0 >> 8 & 63) & self.0 >> 32;
        bits.skip(self.0 as u32);
        (self.0 >> 16) as usize % (1 << 16) + extra as usize
    }
}

/// Finds symbols by their words.
///
/// Words that are longer than the index are rare by their nature and searched.
#[derive(Debug)]
pub(super) struct Table<const SIZE: usize> {
    /// By the next bits.
    index: Box<[Symbol; SIZE]>,
    long: Vec<(Word, Symbol)>,
}

impl<const SIZE: usize> Table<SIZE> {
    pub(super) fn new() -> Self {
        Self { index: Box::new([Symbol::NONE; SIZE]), long: Vec::new() }
    }

    /// Becomes the table of these symbols and their words.
    pub(super) fn set(&mut self, words: &[Word], symbols: &[Symbol]) {
        self.index.fill(Symbol::NONE);
        self.long.clear();
        for (&word, symbol) in words.iter().zip(symbols).filter(|(word, _)| word.len > 0) {
            let symbol = symbol.behind(word);
            let step = 1 << word.len;
            if step > SIZE {
                self.long.push((word, symbol));
                continue;
            }
            for place in self.index.iter_mut().skip(word.bits.into()).step_by(step) {
                *place = symbol;
            }
        }
    }

    /// The symbol whose word `buffer` begins with.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // The low bits are meant.
    pub(super) fn find(&self, buffer: u64) -> Option<Symbol> {
        let symbol = self.index[buffer as usize % SIZE];
        if symbol.is_none() { self.search(buffer) } else { Some(symbol) }
    }

    #[cold]
    fn search(&self, buffer: u64) -> Option<Symbol> {
        self.long.iter().find(|(word, _)| word.begins(buffer)).map(|(_, symbol)| *symbol)
    }
}

/// Symbols 256 to 285 of a block (RFC 1951 3.2.5): its end, which is no length, and the lengths of
/// matches.
pub(super) const LENGTHS: [Symbol; 30] = {
    let mut symbols = [Symbol::NONE; 30];
    let (mut at, mut base) = (1, 3);
    while at < 29 {
        let extra = if at < 9 { 0 } else { (at as u64 - 5) / 4 };
        symbols[at] = Symbol::new(base, extra);
        base += 1 << extra;
        at += 1;
    }
    symbols[29] = Symbol::new(258, 0);
    symbols
};

/// The distances of matches (RFC 1951 3.2.5).
pub(super) const DISTANCES: [Symbol; 30] = {
    let mut symbols = [Symbol::NONE; 30];
    let (mut at, mut base) = (0, 1);
    while at < 30 {
        let extra = if at < 4 { 0 } else { (at as u64 - 2) / 2 };
        symbols[at] = Symbol::new(base, extra);
        base += 1 << extra;
        at += 1;
    }
    symbols
};

/// What lengths of words are written with (RFC 1951 3.2.7): themselves, and 16 to 18 for runs.
pub(super) const RUNS: [Symbol; 19] = {
    let mut symbols = [Symbol::NONE; 19];
    let mut at = 0;
    while at < 19 {
        symbols[at] = Symbol::new(at as u64, 0);
        at += 1;
    }
    symbols
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of a word, first bit first.
    fn text(word: Word) -> String {
        (0..word.len).map(|i| if word.bits >> i & 1 == 1 { '1' } else { '0' }).collect()
    }

    #[test]
    fn the_example_of_the_specification() {
        let mut code = [Word::NONE; 8];
        assert!(words(&[3, 3, 3, 3, 3, 2, 4, 4], &mut code));
        let texts = code.map(text);
        assert_eq!(texts, ["010", "011", "100", "101", "110", "00", "1110", "1111"]);
    }

    #[test]
    fn codes_are_complete_or_of_one_word_at_most() {
        let mut code = [Word::NONE; 4];
        for (lens, good) in [
            (&[0, 0, 0, 0][..], true),
            (&[0, 1, 0, 0], true),
            (&[1, 1, 0, 0], true),
            (&[1, 2, 3, 3], true),
            (&[0, 2, 0, 0], false),
            (&[1, 2, 0, 0], false),
            (&[1, 1, 1, 0], false),
            (&[15, 15, 15, 15], false),
        ] {
            assert_eq!(words(lens, &mut code), good, "{lens:?}");
        }
        assert!(words(&[0, 1], &mut code[..2]) && !code[0].begins(0) && code[1].begins(2));
        assert!(!code[0].begins(u64::MAX) && !code[1].begins(1));
    }

    #[test]
    fn long_words_are_found_as_short_ones_are() {
        // One word of each length up to 15, and a second one of 15.
        let mut lens: Vec<u8> = (1..=15).collect();
        lens.push(15);
        let mut code = [Word::NONE; 16];
        assert!(words(&lens, &mut code));
        let symbols: Vec<Symbol> = (0..16).map(|i| Symbol::new(i * 10, i % 4)).collect();
        let mut table = Table::<64>::new();
        table.set(&code, &symbols);
        for (at, word) in code.iter().enumerate() {
            let extra = 5u64 & ((1 << (at % 4)) - 1);
            let bytes = (u64::from(word.bits) | extra << word.len).to_le_bytes();
            let mut bits = Bits::new(&bytes);
            bits.refill();
            let found = table.find(bits.buffer()).unwrap().take(&mut bits);
            assert_eq!(found as u64, at as u64 * 10 + extra);
            assert_eq!(bits.position(), usize::from(lens[at]) + at % 4);
        }
    }

    #[test]
    fn lengths_and_distances_go_as_far_as_they_should() {
        let last = |symbol: Symbol| (symbol.0 >> 16 & 0xffff) + (symbol.0 >> 32);
        assert_eq!((last(LENGTHS[28]), last(LENGTHS[29])), (258, 258));
        assert_eq!((last(LENGTHS[1]), last(LENGTHS[8]), last(LENGTHS[9])), (3, 10, 12));
        assert_eq!((last(DISTANCES[0]), last(DISTANCES[4]), last(DISTANCES[29])), (1, 6, 32768));
    }
}
