//! What the fields of a struct say: names, lengths, attributes.
#![forbid(unsafe_code)]

use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, Ident, LitStr, Result, Type};

/// One field.
pub(crate) struct RecordField<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) role: Role,
    pub(crate) ty: &'a Type,
    /// The type without brackets.
    pub(crate) base: &'a Type,
    /// What stands in the brackets, from the outermost on.
    pub(crate) lengths: Vec<&'a Expr>,
}

/// What becomes of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Values,
    Bytes,
    Padding,
}

/// The fields of a struct that can be a record.
pub(crate) fn of(input: &DeriveInput) -> Result<Vec<RecordField<'_>>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "npstow: only a struct can be a record"));
    };
    if !input.generics.params.is_empty() {
        let message = "npstow: a record has no generic parameters: its dtype must be known";
        return Err(Error::new(input.generics.span(), message));
    }
    check_repr(input)?;
    let Fields::Named(named) = &data.fields else {
        let message = "npstow: a record needs named fields";
        return Err(Error::new(input.ident.span(), message));
    };
    let fields: Vec<RecordField<'_>> = named.named.iter().map(one).collect::<Result<_>>()?;
    let mut seen = HashSet::new();
    for field in fields.iter().filter(|field| field.role != Role::Padding) {
        for name in [Some(&field.name), field.title.as_ref()].into_iter().flatten() {
            if !seen.insert(name) {
                let message = format!("npstow: two fields of the name or title '{name}'");
                return Err(Error::new(field.ident.span(), message));
            }
        }
    }
    Ok(fields)
}

fn check_repr(input: &DeriveInput) -> Result<()> {
    let mut is_c = false;
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            is_c |= meta.path.is_ident("C");
            // `packed(2)`, `align(8)`: the compiler reads the number.
            if meta.input.peek(syn::token::Paren) {
                let _number: proc_macro2::Group = meta.input.parse()?;
            }
            Ok(())
        })?;
    }
    if is_c {
        return Ok(());
    }
    let message = "npstow: add #[repr(C)]: only then is the order of the fields in memory fixed";
    Err(Error::new(input.ident.span(), message))
}

fn one(field: &syn::Field) -> Result<RecordField<'_>> {
    let ident = field.ident.as_ref().ok_or_else(|| Error::new(field.span(), "a name"))?;
    let (mut name, mut title, mut role) = (None, None, Role::Values);
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("npstow")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("title") {
                title = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("bytes") {
                role = Role::Bytes;
            } else if meta.path.is_ident("pad") {
                role = Role::Padding;
            } else {
                return Err(meta.error("npstow: expected rename, title, bytes or pad"));
            }
            Ok(())
        })?;
    }
    let (mut base, mut lengths) = (&field.ty, Vec::new());
    while let Type::Array(array) = base {
        lengths.push(&array.len);
        base = &array.elem;
    }
    let is_u8 = matches!(base, Type::Path(path) if path.path.is_ident("u8"));
    if role == Role::Bytes && !(is_u8 && lengths.len() == 1) {
        return Err(Error::new(field.ty.span(), "npstow: bytes needs a field of type [u8; N]"));
    }
    // `r#type` is the field `type`.
    let plain = ident.to_string();
    let plain = plain.strip_prefix("r#").unwrap_or(&plain).to_owned();
    let name = name.unwrap_or(plain);
    Ok(RecordField { ident, name, title, role, ty: &field.ty, base, lengths })
}
