//! The least that a Rust process can do: what starting one costs.
#![forbid(unsafe_code)]

fn main() {
    println!("hello");
}
