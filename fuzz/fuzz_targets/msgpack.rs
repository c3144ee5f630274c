//! Msgpack: a type in JSON, a zero byte, and a value of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tf_provider::value::{Type, msgpack};

fuzz_target!(|data: &[u8]| {
    let Some(end) = data.iter().position(|byte| *byte == 0) else { return };
    let Ok(ty) = Type::from_json(&data[..end]) else { return };
    if let Ok(value) = msgpack::decode(&data[end + 1..], &ty) {
        let written = msgpack::encode(&value, &ty);
        assert_eq!(msgpack::decode(&written, &ty).unwrap(), value);
    }
});
