//! Code page 437: what names are in unless they say otherwise (APPNOTE appendix D).
#![forbid(unsafe_code)]

/// The characters of the bytes 128 to 255, as Python's codec `cp437` has them.
const UPPER: &str = "\
ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The text of a name in this code page; every byte has a character.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let upper = |byte: u8| UPPER.chars().nth(usize::from(byte & 0x7f)).unwrap_or_default();
    bytes.iter().map(|&b| if b.is_ascii() { char::from(b) } else { upper(b) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_byte_has_a_character_of_its_own() {
        let all: Vec<u8> = (0..=255).collect();
        let text = decode(&all);
        assert_eq!(text.chars().collect::<HashSet<_>>().len(), 256);
        // bytes.decode('cp437') of CPython 3.11
        assert_eq!(decode(b"caf\x82 \x9b\xe1\xff"), "caf\u{e9} \u{a2}\u{df}\u{a0}");
        assert_eq!(decode(b"\x00A~\x7f"), "\0A~\x7f");
    }
}
