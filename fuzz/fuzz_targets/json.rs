//! JSON: a type, a zero byte, and a value of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tf_provider::value::{Type, json};

fuzz_target!(|data: &[u8]| {
    let Some(end) = data.iter().position(|byte| *byte == 0) else { return };
    let Ok(ty) = Type::from_json(&data[..end]) else { return };
    if let Ok(value) = json::decode(&data[end + 1..], &ty) {
        let written = json::encode(&value, &ty).unwrap();
        assert_eq!(json::decode(&written, &ty).unwrap(), value);
    }
});
