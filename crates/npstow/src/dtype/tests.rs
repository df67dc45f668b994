//! What is not in the tables of `truth.rs`: constructors, layouts by hand, plans, hostile sizes.
#![forbid(unsafe_code)]

use super::{SwapPart, SwapPlan};
use crate::{Dtype, ErrorKind, Field, Kind, Literal, LiteralOptions, Order, Record, Scalar};
use crate::{Unit, UnitBase};

fn dtype(text: &str) -> Dtype {
    Dtype::parse(text).unwrap()
}

fn refused(text: &str) -> ErrorKind {
    Dtype::parse(text).unwrap_err().kind()
}

#[test]
fn scalars_are_made_and_checked() {
    let made = |kind, order, size| Scalar::new(kind, order, size);
    assert_eq!(made(Kind::Float, Order::Big, 8).unwrap().typestr(), ">f8");
    assert_eq!(made(Kind::Uint, Order::Big, 1).unwrap().order(), Order::None);
    assert_eq!(made(Kind::Str, Order::Big, 0).unwrap().typestr(), ">U0");
    assert_eq!(made(Kind::Str, Order::Big, 20).unwrap().typestr(), ">U5");
    assert_eq!(made(Kind::Str, Order::Big, 5).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(made(Kind::Float, Order::Big, 12).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(made(Kind::Float, Order::None, 4).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(made(Kind::Void, Order::None, 1 << 31).unwrap_err().kind(), ErrorKind::Limit);
    let date = made(Kind::Datetime, Order::Little, 8).unwrap();
    let unit = |multiple| Some(Unit { multiple, base: UnitBase::Second });
    assert_eq!(date.with_unit(unit(25)).unwrap().typestr(), "<M8[25s]");
    assert_eq!(date.with_unit(unit(1)).unwrap().typestr(), "<M8[s]");
    assert_eq!(date.with_unit(None).unwrap().typestr(), "<M8");
    assert_eq!(date.with_unit(unit(0)).unwrap_err().kind(), ErrorKind::Invalid);
    let float = made(Kind::Float, Order::Little, 8).unwrap();
    assert_eq!(float.with_unit(unit(1)).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn refusals_are_sorted_by_who_must_act() {
    for (text, kind) in [
        ("f12", ErrorKind::Unsupported),
        ("<c24", ErrorKind::Unsupported),
        ("T", ErrorKind::Unsupported),
        ("|T16", ErrorKind::Corrupt),
        ("nonsense", ErrorKind::Corrupt),
        ("", ErrorKind::Corrupt),
        ("<?1", ErrorKind::Corrupt),
        ("<f3", ErrorKind::Corrupt),
        ("S-1", ErrorKind::Corrupt),
        ("bool8", ErrorKind::Corrupt),
        ("U536870912", ErrorKind::Corrupt),
        ("M8[0s]", ErrorKind::Unsupported),
        ("M8[s/0]", ErrorKind::Corrupt),
        ("M8[2147483647D/2]", ErrorKind::Corrupt),
        ("M8[s]//4", ErrorKind::Corrupt),
        ("{'a': 1}", ErrorKind::Corrupt),
        ("[('a', '<f4'), ('a', '<f4')]", ErrorKind::Corrupt),
        ("[(('a', 'a'), '<f4')]", ErrorKind::Corrupt),
        ("('<f4', (2147483647, 2147483647))", ErrorKind::Limit),
        ("('<f4', (99999999999999999999,))", ErrorKind::Corrupt),
        ("[('a', 'V2147483647'), ('b', 'V1')]", ErrorKind::Limit),
    ] {
        assert_eq!(refused(text), kind, "{text}");
    }
}

#[test]
fn the_text_of_a_person_may_be_a_string_or_a_literal() {
    for (text, shown) in [
        (" <f4 ", "<f4"),
        ("'<f4'", "<f4"),
        ("(2,)f4", "('<f4', (2,))"),
        ("('<f4', (2,))", "('<f4', (2,))"),
        ("i4,(2,)f4", "[('f0', '<i4'), ('f1', '<f4', (2,))]"),
        ("[]", "[]"),
    ] {
        assert_eq!(dtype(text).to_string(), shown);
    }
}

#[test]
fn fields_may_overlap_but_not_with_objects() {
    let fields = |second: &str, at| {
        vec![Field::new("a", dtype("<i4"), 0), Field::new("b", dtype(second), at)]
    };
    let record = Record::new(fields("<i4", 2), None).unwrap();
    assert!(record.has_overlap());
    assert_eq!(record.itemsize(), 6);
    let overlapping = Dtype::from(record);
    assert_eq!(overlapping.to_descr().unwrap_err().kind(), ErrorKind::Unsupported);
    let text = "{'names': ['a', 'b'], 'formats': ['<i4', '<i4'], 'offsets': [0, 2], 'itemsize': 6}";
    assert_eq!(overlapping.to_string(), text);
    let array = Dtype::array(overlapping, &[2]).unwrap();
    assert_eq!(array.to_string(), format!("({text}, (2,))"));
    assert!(array.has_overlap());

    assert!(Record::new(fields("O", 2), None).is_err());
    assert!(Record::new(fields("O", 4), None).is_ok());
    let swapped = vec![Field::new("b", dtype("<i4"), 8), Field::new("a", dtype("O"), 0)];
    let record = Record::new(swapped, None).unwrap();
    assert!(!record.has_overlap());
    // Out of order, and yet apart.
    assert!(Dtype::from(record).to_descr().is_err());
}

/// An object far back matters although a longer field without objects ended later.
#[test]
fn overlap_is_found_behind_other_fields() {
    let fields = vec![
        Field::new("long", dtype("V64"), 0),
        Field::new("short", dtype("V1"), 4),
        Field::new("late", dtype("V1"), 63),
    ];
    assert!(Record::new(fields.clone(), None).unwrap().has_overlap());
    let mut objects = fields;
    objects.push(Field::new("object", dtype("O"), 56));
    assert!(Record::new(objects, None).is_err());
}

#[test]
fn names_and_titles_are_one_space() {
    let field = |name, title| Field::new(name, dtype("<i4"), 0).with_title(title);
    let record = Record::new(vec![field("a", "t")], Some(9)).unwrap();
    assert_eq!(record.field("t"), record.field("a"));
    assert!(record.field("x").is_none());
    assert!(Record::new(vec![field("a", "a")], None).is_err());
    assert!(Record::new(vec![field("a", "t"), field("t", "b")], None).is_err());
    assert!(Record::new(vec![field("a", "t")], Some(3)).is_err());
    let nameless = Record::new(vec![Field::new("", dtype("V4"), 0)], None).unwrap();
    assert_eq!(Dtype::from(nameless).to_descr().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn align_is_not_part_of_what_a_record_is() {
    let fields = || [("a", dtype("<i4")), ("b", dtype("<i4"))];
    let (packed, aligned) = (Record::packed(fields()).unwrap(), Record::aligned(fields()).unwrap());
    assert_eq!(packed, aligned);
    assert_eq!((packed.alignment(), aligned.alignment()), (1, 4));
    let odd = [("a", dtype("u1")), ("b", dtype("<i4"))];
    assert!(Record::packed(odd).unwrap().into_aligned().is_err());
    let short = Record::new(vec![Field::new("a", dtype("<i4"), 0)], Some(6)).unwrap();
    assert!(short.into_aligned().is_err());
    // A record in a record brings its alignment along, when it has one.
    let outer = |inner: Record| Record::aligned([("x", dtype("u1")), ("y", inner.into())]).unwrap();
    assert_eq!(outer(packed).itemsize(), 9);
    assert_eq!(outer(aligned).itemsize(), 12);
}

#[test]
fn plans_are_as_small_as_dtypes() {
    assert_eq!(dtype("<c16").swaps(), SwapPlan::Uniform(8));
    assert_eq!(dtype("<U3").swaps(), SwapPlan::Uniform(4));
    assert_eq!(dtype("<U0").swaps(), SwapPlan::Nothing);
    assert_eq!(dtype("O").swaps(), SwapPlan::Nothing);
    assert_eq!(dtype("<f4,(3,)>i4,<c8").swaps(), SwapPlan::Uniform(4));
    assert_eq!(dtype("(1000,1000)f4").swaps(), SwapPlan::Uniform(4));
    let part = |offset, nbytes, count, plan| SwapPart { offset, nbytes, count, plan };
    let inner = vec![part(1, 2, 1, SwapPlan::Uniform(2))];
    let many = dtype("[('x', [('a', '|u1'), ('b', '<i2')], (600000000,))]");
    let plan = SwapPlan::Parts(vec![part(0, 3, 600_000_000, SwapPlan::Parts(inner))]);
    assert_eq!(many.swaps(), plan);
    let mixed = dtype("[('a', '<i4'), ('b', '>i4')]");
    let only = |offset| SwapPlan::Parts(vec![part(offset, 4, 1, SwapPlan::Uniform(4))]);
    assert_eq!(mixed.swaps_to(Order::Little), only(4));
    assert_eq!(mixed.swaps_to(Order::Big), only(0));
    assert_eq!(mixed.swaps_to(Order::None), SwapPlan::Nothing);
}

#[test]
fn orders_change_in_all_parts() {
    let text = "[('a', '<i4'), ('b', '|S2'), ('c', [('d', '>f8', (2,)), ('e', '<U1')])]";
    let big = "[('a', '>i4'), ('b', '|S2'), ('c', [('d', '>f8', (2,)), ('e', '>U1')])]";
    assert_eq!(dtype(text).to_order(Order::Big).to_string(), big);
    assert_eq!(dtype(text).to_order(Order::None), dtype(text));
    assert!(dtype(text).to_order(Order::NATIVE).is_native());
    assert!(!dtype(text).is_native());
}

/// Literals made by hand may be deeper than any text.
#[test]
fn depth_is_bounded_without_a_text() {
    let mut descr = Literal::Str("<f4".to_owned());
    for _ in 0..1000 {
        descr = Literal::Tuple(vec![descr, Literal::Int(1)]);
    }
    assert_eq!(Dtype::from_descr(&descr).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn wide_records_are_read_in_one_pass() {
    let fields: String = (0..40_000).map(|n| format!("('field {n}', '<f4'),")).collect();
    let descr = Literal::parse(&format!("[{fields}]"), &LiteralOptions::default()).unwrap();
    let wide = Dtype::from_descr(&descr).unwrap();
    assert_eq!(wide.to_descr().unwrap(), descr);
    assert_eq!(wide.swaps(), SwapPlan::Uniform(4));
    let commas = "f4,".repeat(300_000);
    assert_eq!(dtype(&commas).itemsize(), 1_200_000);
    assert!(Dtype::parse(&"(".repeat(1 << 20)).is_err());
    assert!(Dtype::parse(&"3".repeat(1 << 20)).is_err());
    assert!(Dtype::parse(&",".repeat(1 << 20)).is_err());
}
