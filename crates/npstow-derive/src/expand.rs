//! What the derive macro writes out.
#![forbid(unsafe_code)]

use crate::fields::{self, RecordField, Role};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Ident, Result};

/// The implementations for a struct.
pub(crate) fn record(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields::of(input)?;
    let name = &input.ident;
    let checks = checks(name, &fields);
    let casts = casts(name, &fields);
    let element = element(name, &fields);
    Ok(quote! {
        const _: () = {
            use ::npstow::__private;
            #checks
            #casts
            #element
        };
    })
}

/// What must hold, or compilation ends with a sentence that says what to do.
fn checks(name: &Ident, fields: &[RecordField<'_>]) -> TokenStream {
    let types = fields.iter().map(|field| field.ty);
    let bases = fields.iter().map(|field| field.base);
    let padding = format!(
        "npstow: `{name}` has padding that no field declares, and its bytes would be undefined: \
         reorder the fields, add `#[npstow(pad)] _pad: [u8; N]`, or use #[repr(C, packed)]"
    );
    let large = format!("npstow: `{name}` is larger than NumPy's bound of 2^31 - 1 bytes");
    quote! {
        #( const _: () = __private::assert_field::<#bases>(); )*
        const _: () = ::core::assert!(
            ::core::mem::size_of::<#name>() == 0 #( + ::core::mem::size_of::<#types>() )*,
            #padding
        );
        const _: () = ::core::assert!(::core::mem::size_of::<#name>() <= 0x7fff_ffff, #large);
    }
}

/// The traits that make casts between bytes and values sound.
fn casts(name: &Ident, fields: &[RecordField<'_>]) -> TokenStream {
    let valid = fields.iter().map(|field| {
        let (ident, base, lengths) = (field.ident, field.base, &field.lengths);
        quote! {
            __private::are_valid::<#base>(
                &bits.bytes,
                ::core::mem::offset_of!(#name, #ident),
                1 #( * (#lengths) )*,
            )
        }
    });
    quote! {
        /// The bytes of a value, aligned as it is.
        #[derive(Clone, Copy)]
        #[repr(C)]
        pub struct Bits {
            aligned: [#name; 0],
            bytes: [u8; ::core::mem::size_of::<#name>()],
        }

        // SAFETY: an empty array and bytes: all zero is valid.
        unsafe impl __private::bytemuck::Zeroable for Bits {}
        // SAFETY: an empty array and bytes, `Copy` and `'static`: any bits are valid.
        unsafe impl __private::bytemuck::AnyBitPattern for Bits {}
        // SAFETY: `repr(C)`, `Copy`, `'static`, not generic; every field is `NoUninit` and there
        // is no padding, both of which is asserted above.
        unsafe impl __private::bytemuck::NoUninit for #name {}
        // SAFETY: `Bits` has the size and alignment of the struct; the bits are valid where those
        // of every field are, at the offset of the field, and there is nothing but fields.
        unsafe impl __private::bytemuck::CheckedBitPattern for #name {
            type Bits = Bits;

            #[inline]
            fn is_valid_bit_pattern(bits: &Bits) -> bool {
                true #( && #valid )*
            }
        }
    }
}

/// The dtype, and how one is recognised.
fn element(name: &Ident, fields: &[RecordField<'_>]) -> TokenStream {
    let shown: Vec<_> = fields.iter().filter(|field| field.role != Role::Padding).collect();
    let made = shown.iter().map(|field| {
        let (ident, text) = (field.ident, &field.name);
        let dtype = dtype(field);
        let title = field.title.iter();
        quote! {
            ::npstow::Field::new(#text, #dtype, ::core::mem::offset_of!(#name, #ident))
                #( .with_title(#title) )*
        }
    });
    let matched = shown.iter().map(|field| {
        let (ident, text) = (field.ident, &field.name);
        let matches = matches(field);
        quote! { (#text, ::core::mem::offset_of!(#name, #ident), #matches) }
    });
    quote! {
        impl ::npstow::Element for #name {
            fn dtype() -> ::npstow::Dtype {
                __private::record_of(
                    ::std::vec![ #( #made ),* ],
                    ::core::mem::size_of::<#name>(),
                )
            }

            fn matches(dtype: &::npstow::Dtype) -> bool {
                __private::record_matches(
                    dtype,
                    ::core::mem::size_of::<#name>(),
                    &[ #( #matched ),* ],
                )
            }
        }
    }
}

fn dtype(field: &RecordField<'_>) -> TokenStream {
    let (base, lengths) = (field.base, &field.lengths);
    match (field.role, lengths.is_empty()) {
        (Role::Bytes, _) => quote! { __private::bytes_of_len(#( #lengths )*) },
        (_, true) => quote! { <#base as ::npstow::Element>::dtype() },
        (_, false) => quote! {
            __private::array_of(<#base as ::npstow::Element>::dtype(), &[ #( #lengths ),* ])
        },
    }
}

fn matches(field: &RecordField<'_>) -> TokenStream {
    let (base, lengths) = (field.base, &field.lengths);
    match (field.role, lengths.is_empty()) {
        (Role::Bytes, _) => quote! { |dtype| *dtype == __private::bytes_of_len(#( #lengths )*) },
        (_, true) => quote! { <#base as ::npstow::Element>::matches },
        (_, false) => quote! {
            |dtype| __private::array_matches(
                dtype,
                &[ #( #lengths ),* ],
                <#base as ::npstow::Element>::matches,
            )
        },
    }
}
