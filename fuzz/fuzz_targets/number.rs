//! Numbers of any size: what is read is printed so that it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tf_provider::Number;

fuzz_target!(|text: &str| {
    if let Ok(number) = text.parse::<Number>() {
        assert_eq!(number.to_string().parse(), Ok(number));
    }
});
