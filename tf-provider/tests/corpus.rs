//! The decoders on bytes that nobody wrote on purpose.
//!
//! Each line of `corpus.txt` is an encoding, a type, and bytes in hexadecimal digits that led a
//! coverage-guided fuzzer to a place in the decoders where no line above it had been. Bytes that are
//! found to do harm become a line, too.

#![expect(clippy::panic, clippy::unwrap_used, reason = "that is how a test fails")]

use std::panic::catch_unwind;

use proptest::{
    prelude::*,
    sample::{Index, select},
};
use tf_provider::value::{Type, Value, json, msgpack};

#[derive(Clone, Debug)]
struct Line {
    encoding: &'static str,
    ty: Type,
    bytes: Vec<u8>,
}

impl Line {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let (encoding, ty, digits) = (words.next()?, words.next()?, words.next()?);
        let digit = |place| u8::from_str_radix(digits.get(place..place + 2)?, 16).ok();
        let bytes = (0..digits.len()).step_by(2).map(digit).collect::<Option<_>>()?;
        Some(Self { encoding, ty: Type::from_json(ty.as_bytes()).ok()?, bytes })
    }

    /// Bytes are refused, or mean something that survives another round.
    fn prove(&self) {
        let Self { encoding, ty, bytes } = self;
        let read = match *encoding {
            "msgpack" => msgpack::decode(bytes, ty),
            "json" => json::decode(bytes, ty),
            "state" => json::decode_state(bytes, ty),
            other => panic!("there is no encoding `{other}`"),
        };
        if let Ok(value) = read {
            assert_eq!(&rewritten(&value, ty, encoding), &value);
        }
    }
}

/// The value as it comes back.
fn rewritten(value: &Value, ty: &Type, encoding: &str) -> Value {
    let read = match encoding {
        "msgpack" => msgpack::decode(&msgpack::encode(value, ty), ty),
        _ => json::decode(&json::encode(value, ty).unwrap(), ty),
    };
    read.unwrap()
}

fn corpus() -> Vec<Line> {
    let parse = |line| Line::parse(line).unwrap_or_else(|| panic!("this is no line: {line}"));
    include_str!("corpus.txt").lines().map(parse).collect()
}

#[test]
fn every_line_is_refused_or_read() {
    let harmful: Vec<_> =
        corpus().into_iter().filter(|line| catch_unwind(|| line.prove()).is_err()).collect();
    assert!(harmful.is_empty(), "{harmful:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Where two lines are joined and a few bytes changed, there are places beyond those lines.
    #[test]
    fn what_lies_between_lines_is_refused_or_read(
        first in select(corpus()),
        second in select(corpus()),
        end: Index,
        start: Index,
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
    ) {
        let mut line = first;
        line.bytes.truncate(end.index(line.bytes.len() + 1));
        line.bytes.extend(&second.bytes[start.index(second.bytes.len() + 1)..]);
        for (place, byte) in changes {
            if !line.bytes.is_empty() {
                let place = place.index(line.bytes.len());
                line.bytes[place] = byte;
            }
        }
        line.prove();
    }
}
